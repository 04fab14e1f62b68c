from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from returns_ops.dashboard.access import open_to_all_staff
from returns_ops.dashboard.forms import LoginForm
from returns_ops.dashboard.views import (
    account,
    asking,
    commands,
    decisions,
    home,
    messages,
    replays,
    rmas,
    shops,
)

login = LoginView.as_view(authentication_form=LoginForm, redirect_authenticated_user=True)

urlpatterns = [
    path("login/", login, name="login"),
    path("logout/", open_to_all_staff(LogoutView.as_view()), name="logout"),
    path("", home.home, name="home"),
    path("nav/counts/", home.nav_counts, name="nav_counts"),
    path("preferences/", account.preferences, name="preferences"),
    path("rmas/", rmas.rmas, name="rmas"),
    path("rmas/changes/", rmas.rmas_changes, name="rmas_changes"),
    path("rmas/ask/", asking.rmas_ask, name="rmas_ask"),
    path("rmas/<str:shop>/<path:rma_number>/refresh/", asking.rma_refresh, name="rma_refresh"),
    path("rmas/<str:shop>/<path:rma_number>/approve/", decisions.rma_approve, name="rma_approve"),
    path("rmas/<str:shop>/<path:rma_number>/tracker/", decisions.rma_tracker, name="rma_tracker"),
    path("rmas/<str:shop>/<path:rma_number>/changes/", rmas.rma_changes, name="rma_changes"),
    path("rmas/<str:shop>/<path:rma_number>/", rmas.rma, name="rma"),
    path("commands/<int:command_id>/undo/", decisions.command_undo, name="command_undo"),
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
