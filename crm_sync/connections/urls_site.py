"""The address to which sources and senders post; who knows it proves it by a secret."""

from django.urls import path

from crm_sync.connections import views_hook

urlpatterns = [path("hooks/<str:code>/", views_hook.hook, name="hook")]
