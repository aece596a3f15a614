"""The work thread: off the Qt thread, answers on it, nothing after closing."""

from __future__ import annotations

import threading

import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("qtpy")

from napari_medssl._napari.threads import WorkThread  # noqa: E402


@pytest.fixture
def work(qapp):
    made = WorkThread()
    yield made
    made.close()


def test_jobs_run_elsewhere_in_order_and_answers_come_here(work, qtbot):
    where, answers = [], []
    for number in range(5):
        work.run(
            lambda n=number: where.append(threading.current_thread()) or n,
            lambda n: answers.append((n, threading.current_thread())),
            pytest.fail,
        )
    qtbot.waitUntil(lambda: len(answers) == 5)
    assert [n for n, _ in answers] == [0, 1, 2, 3, 4]
    assert len(set(where)) == 1
    assert threading.main_thread() not in where
    assert {thread for _, thread in answers} == {threading.main_thread()}


def test_an_error_is_handed_over(work, qtbot):
    errors: list[Exception] = []
    work.run(lambda: 1 / 0, pytest.fail, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], ZeroDivisionError)


def test_a_pause_begins_anew_when_asked_again(work, qtbot):
    called: list[int] = []
    for number in range(3):
        work.later("look", 60, lambda n=number: called.append(n))
        qtbot.wait(20)
    qtbot.waitUntil(lambda: bool(called))
    qtbot.wait(120)
    assert called == [2]


def test_nothing_arrives_after_closing(work, qtbot):
    go, answers = threading.Event(), []
    work.run(lambda: go.wait(5), answers.append, answers.append)
    work.run(lambda: 2, answers.append, answers.append)
    work.later("look", 1, lambda: answers.append("late"))
    work.close()
    go.set()
    qtbot.wait(100)
    work.run(lambda: 3, answers.append, answers.append)
    qtbot.wait(50)
    assert answers == []


def test_an_answer_that_cannot_be_delivered_after_closing_is_given_up_properly(qapp, qtbot):
    go, dropped = threading.Event(), []
    early, late = WorkThread(), WorkThread()
    early.run(lambda: "waits in Qt's queue", pytest.fail, pytest.fail, dropped.append)
    for _ in range(500):
        if early._answers:
            break
        threading.Event().wait(0.01)
    late.run(lambda: go.wait(5) and "in hand", pytest.fail, pytest.fail, dropped.append)
    early.close()
    late.close()
    go.set()
    qtbot.waitUntil(lambda: len(dropped) == 2)
    assert dropped == ["waits in Qt's queue", "in hand"]
