from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from returns_ops.dashboard.access import open_to_all_staff
from returns_ops.dashboard.forms import LoginForm
from returns_ops.dashboard.views import account, decisions, home, messages, rmas

login = LoginView.as_view(authentication_form=LoginForm, redirect_authenticated_user=True)

urlpatterns = [
    path("login/", login, name="login"),
    path("logout/", open_to_all_staff(LogoutView.as_view()), name="logout"),
    path("", home.home, name="home"),
    path("nav/counts/", home.nav_counts, name="nav_counts"),
    path("preferences/", account.preferences, name="preferences"),
    path("rmas/", rmas.rmas, name="rmas"),
    path("rmas/changes/", rmas.rmas_changes, name="rmas_changes"),
    path("rmas/<str:shop>/<path:rma_number>/approve/", decisions.rma_approve, name="rma_approve"),
    path("rmas/<str:shop>/<path:rma_number>/tracker/", decisions.rma_tracker, name="rma_tracker"),
    path("rmas/<str:shop>/<path:rma_number>/changes/", rmas.rma_changes, name="rma_changes"),
    path("rmas/<str:shop>/<path:rma_number>/", rmas.rma, name="rma"),
    path("commands/<int:command_id>/undo/", decisions.command_undo, name="command_undo"),
    path("messages/in/", messages.messages_in, name="messages_in"),
    path("messages/in/<int:event_id>/", messages.event, name="event"),
    path("messages/out/", messages.messages_out, name="messages_out"),
    path("messages/out/<int:command_id>/", messages.command, name="command"),
]
