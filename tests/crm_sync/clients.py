"""Somebody logged in, and what a page says to him."""

from django.test import Client

from tenants.access import Member


def logged_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()
