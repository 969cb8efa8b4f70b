"""Connections to a listening socket do not wait for acknowledgements."""

import socket

from lungcore.web.sockets import OPEN_FILES, send_at_once


def test_connections_inherit_that_answers_leave_at_once() -> None:
    with socket.socket(socket.AF_INET) as listening:  # as Streamlit opens it: protocol 0
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert send_at_once() >= 1
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_it_opens_nothing_and_changes_no_other_socket() -> None:
    with socket.socket(socket.AF_INET) as idle:
        before = len(list(OPEN_FILES.iterdir()))
        send_at_once()
        assert len(list(OPEN_FILES.iterdir())) == before
        assert not idle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
