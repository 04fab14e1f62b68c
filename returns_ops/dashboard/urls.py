from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from returns_ops.dashboard.access import open_to_all_staff
from returns_ops.dashboard.forms import LoginForm
from returns_ops.dashboard.views import (
    account,
    approvals,
    asking,
    badge,
    bench_setup,
    commands,
    decisions,
    home,
    matching,
    messages,
    parcels,
    people,
    photos,
    receiving,
    replays,
    rmas,
    scanning,
    shops,
    telling,
)

login = LoginView.as_view(authentication_form=LoginForm, redirect_authenticated_user=True)

urlpatterns = [
    path("login/", login, name="login"),
    path("logout/", open_to_all_staff(LogoutView.as_view()), name="logout"),
    path("", home.home, name="home"),
    path("nav/counts/", home.nav_counts, name="nav_counts"),
    path("preferences/", account.preferences, name="preferences"),
    path("preferences/badge/", badge.badge, name="badge"),
    path("preferences/badge/revoke/", badge.badge_revoke, name="badge_revoke"),
    path("scan/cards/", bench_setup.cards, name="scan_cards"),
    path("scan/", scanning.scan, name="scan"),
    path("scan/open/", scanning.scan_open, name="scan_open"),
    path("scan/ask/", scanning.scan_ask, name="scan_ask"),
    path("scan/check/", bench_setup.check, name="scan_check"),
    path("scan/setup/", bench_setup.setup, name="scan_setup"),
    path("parcels/", parcels.parcels, name="parcels"),
    path("parcels/new/", parcels.parcel_new, name="parcel_new"),
    path("parcels/<int:parcel_id>/", parcels.parcel, name="parcel"),
    path("parcels/<int:parcel_id>/edit/", parcels.parcel_edit, name="parcel_edit"),
    path("parcels/<int:parcel_id>/owner/", parcels.parcel_owner, name="parcel_owner"),
    path("parcels/<int:parcel_id>/match/", matching.parcel_match, name="parcel_match"),
    path("parcels/<int:parcel_id>/close/", parcels.parcel_close, name="parcel_close"),
    path("parcels/<int:parcel_id>/reopen/", parcels.parcel_reopen, name="parcel_reopen"),
    path("parcels/<int:parcel_id>/photos/", photos.parcel_photos, name="parcel_photos"),
    path("photos/<int:photo_id>/", photos.photo, name="photo"),
    path("photos/<int:photo_id>/remove/", photos.photo_remove, name="photo_remove"),
    path("rmas/", rmas.rmas, name="rmas"),
    path("rmas/changes/", rmas.rmas_changes, name="rmas_changes"),
    path("rmas/ask/", asking.rmas_ask, name="rmas_ask"),
    path("rmas/<str:shop>/<path:rma_number>/refresh/", asking.rma_refresh, name="rma_refresh"),
    path("rmas/<str:shop>/<path:rma_number>/approve/", decisions.rma_approve, name="rma_approve"),
    path("rmas/<str:shop>/<path:rma_number>/receive/", receiving.rma_receive, name="rma_receive"),
    path(
        "rmas/<str:shop>/<path:rma_number>/items/<int:item_id>/",
        receiving.rma_split,
        name="rma_split",
    ),
    path("rmas/<str:shop>/<path:rma_number>/tell/", telling.rma_tell, name="rma_tell"),
    path("rmas/<str:shop>/<path:rma_number>/note/", receiving.rma_note, name="rma_note"),
    path(
        "rmas/<str:shop>/<path:rma_number>/decision/", decisions.rma_decision, name="rma_decision"
    ),
    path("rmas/<str:shop>/<path:rma_number>/partial/", decisions.rma_partial, name="rma_partial"),
    path("rmas/<str:shop>/<path:rma_number>/tracker/", decisions.rma_tracker, name="rma_tracker"),
    path("rmas/<str:shop>/<path:rma_number>/changes/", rmas.rma_changes, name="rma_changes"),
    path("rmas/<str:shop>/<path:rma_number>/presence/", people.rma_presence, name="rma_presence"),
    path(
        "rmas/<str:shop>/<path:rma_number>/take-over/", people.rma_take_over, name="rma_take_over"
    ),
    path("rmas/<str:shop>/<path:rma_number>/release/", people.rma_release, name="rma_release"),
    path("rmas/<str:shop>/<path:rma_number>/photos/", photos.rma_photos, name="rma_photos"),
    path("rmas/<str:shop>/<path:rma_number>/", rmas.rma, name="rma"),
    path("commands/<int:command_id>/undo/", decisions.command_undo, name="command_undo"),
    path("commands/<int:command_id>/hold/", decisions.command_hold, name="command_hold"),
    path("commands/<int:command_id>/release/", decisions.command_release, name="command_release"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<int:command_id>/", approvals.approval, name="approval"),
    path(
        "approvals/<int:command_id>/approve/", approvals.approval_approve, name="approval_approve"
    ),
    path(
        "approvals/<int:command_id>/send-back/",
        approvals.approval_send_back,
        name="approval_send_back",
    ),
    path("messages/in/", messages.messages_in, name="messages_in"),
    path("messages/in/<int:event_id>/", messages.event, name="event"),
    path("messages/in/<int:event_id>/reveal/", messages.event_reveal, name="event_reveal"),
    path("messages/in/changes/", messages.messages_in_changes, name="messages_in_changes"),
    path("messages/in/replay/", replays.replay, name="replay"),
    path("messages/in/replay/<int:job_id>/", replays.replay_job, name="replay_job"),
    path("messages/in/replay/<int:job_id>/stop/", replays.replay_stop, name="replay_stop"),
    path("messages/out/", commands.messages_out, name="messages_out"),
    path("messages/out/changes/", commands.messages_out_changes, name="messages_out_changes"),
    path("messages/out/<int:command_id>/", commands.command, name="command"),
    path(
        "messages/out/<int:command_id>/tracker/", commands.command_tracker, name="command_tracker"
    ),
    path("messages/out/<int:command_id>/give-up/", commands.give_up, name="give_up"),
    path(
        "messages/out/<int:command_id>/send-now/",
        commands.command_send_now,
        name="command_send_now",
    ),
    path("shops/<str:shop>/", shops.shop, name="shop"),
    path("shops/<str:shop>/test/", shops.shop_test, name="shop_test"),
    path("shops/<str:shop>/pause/", shops.calls_pause, name="calls_pause"),
    path("shops/<str:shop>/resume/", shops.calls_resume, name="calls_resume"),
]
