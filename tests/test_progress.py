import io
import threading

import pytest

from pairjudge_lab.progress import Progress


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock():
    return Clock()


def test_a_line_every_half_minute_says_how_far_at_what_rate_and_how_long(clock):
    stream = io.StringIO()
    progress = Progress(200, "verdicts", stream=stream, clock=clock)
    clock.now += 20
    progress.update(40)
    progress.tick()
    assert stream.getvalue() == "", "20 seconds are not half a minute"
    clock.now += 20
    progress.update(40)
    progress.tick()
    # 80 in 40 s are 2 a second; the other 120 take a minute.
    first = "80 of 200 verdicts (40 %), 2.0 a second, 1 min 00 s left\n"
    assert stream.getvalue() == first
    clock.now += 29
    progress.tick()
    assert stream.getvalue() == first
    clock.now += 1
    progress.note(loss=0.5)
    progress.tick()
    assert stream.getvalue().splitlines()[1].startswith("80 of 200 verdicts (40 %), loss 0.5, ")
    progress.update(120)
    clock.now += 3600
    progress.close()
    last = "200 of 200 verdicts (100 %), loss 0.5 in 1 h 01 min"
    assert stream.getvalue().splitlines()[-1] == last


def test_what_was_there_already_promises_no_speed(clock):
    stream = io.StringIO()
    progress = Progress(1100, "verdicts", stream=stream, clock=clock)
    progress.update(1000, counted=False)
    progress.update(10)
    clock.now += 3600
    progress.tick()
    # Ten an hour were judged; ninety are left.
    assert stream.getvalue() == "1010 of 1100 verdicts (92 %), 10.0 an hour, 9 h 00 min left\n"


def test_units_that_are_not_needed_leave_the_total(clock):
    stream = io.StringIO()
    progress = Progress(100, "verdicts", stream=stream, clock=clock)
    progress.update(30)
    progress.shrink(40)
    clock.now += 30
    progress.tick()
    assert stream.getvalue() == "30 of 60 verdicts (50 %), 1.0 a second, 30 s left\n"
    progress.shrink(100)
    assert progress.total == progress.done == 30


def test_before_the_first_unit_ends_the_time_so_far_is_said(clock):
    stream = io.StringIO()
    progress = Progress(4, "steps", stream=stream, clock=clock)
    clock.now += 90
    progress.tick()
    assert stream.getvalue() == "0 of 4 steps (0 %), 1 min 30 s so far\n"


def test_short_work_and_work_that_nobody_watches_say_nothing(clock):
    stream = io.StringIO()
    with Progress(3, "verdicts", stream=stream, clock=clock) as progress:
        progress.update(3)
    unwatched = Progress(3, "verdicts", False, stream=stream, clock=clock)
    clock.now += 3600
    unwatched.update(3)
    unwatched.tick()
    unwatched.close()
    assert stream.getvalue() == ""


def test_a_log_file_gets_the_lines_too_even_beside_a_terminal(clock, tmp_path):
    log = tmp_path / "progress.log"
    log.write_text("an earlier run\n")
    for stream in (io.StringIO(), Terminal()):
        progress = Progress(10, "verdicts", log, stream=stream, clock=clock)
        clock.now += 60
        progress.update(5)
        progress.tick()
        progress.close()
    lines = log.read_text().splitlines()
    assert lines[0] == "an earlier run"
    assert [line[20:] for line in lines[1:]] == 2 * [
        "5 of 10 verdicts (50 %), 5.0 a minute, 1 min 00 s left",
        "5 of 10 verdicts (50 %) in 1 min 00 s",
    ]


def test_a_terminal_gets_a_bar():
    stream = Terminal()
    with Progress(8, "verdicts", stream=stream) as progress:
        progress.update(2, counted=False)
        progress.shrink(2)
        progress.update(4)
    assert "6/6" in stream.getvalue()
    assert "verdicts" in stream.getvalue()


def test_a_line_comes_while_a_single_unit_takes_long():
    class Heard(io.StringIO):
        line = threading.Event()

        def write(self, text):
            self.line.set()
            return super().write(text)

    stream = Heard()
    with Progress(1, "verdicts", stream=stream, every=0.01):
        assert stream.line.wait(60), "nothing was said without an update"
    assert stream.getvalue().startswith("0 of 1 verdicts (0 %), ")


def test_going_through_items_counts_them(clock):
    progress = Progress(3, "batches", False, clock=clock)
    assert list(progress.over("abc")) == ["a", "b", "c"]
    assert progress.done == 3
