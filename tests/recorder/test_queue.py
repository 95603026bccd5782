"""Bounded in number and bytes, and every record accounted for."""

import threading

from weaklink.recorder.queue import BoundedQueue, Counts


def test_records_come_out_in_order_and_stay_pending_until_they_are_settled():
    queue = BoundedQueue(max_bytes=1_000)
    waiting = [queue.put(name, 10) for name in "abc"]
    assert waiting == [1, 2, 3]
    assert queue.take(2) == ["a", "b"]
    assert queue.counts() == Counts(emitted=3, stored=0, pending=3, dropped={})
    queue.settle(stored=1, dropped=1, reason="bad")
    assert queue.counts() == Counts(emitted=3, stored=1, pending=1, dropped={"bad": 1})


def test_what_does_not_fit_is_dropped_and_counted():
    queue = BoundedQueue(max_bytes=100, max_records=3)
    assert queue.put("large", 90) == 1
    assert queue.put("too large", 20) == -1
    assert [queue.put("small", 1) for _ in range(3)] == [2, 3, -1]
    assert queue.counts() == Counts(emitted=5, stored=0, pending=3, dropped={"queue full": 2})


def test_a_record_that_grew_while_it_waited_frees_what_it_took():
    queue = BoundedQueue(max_bytes=100)
    same = object()
    for _ in range(50):  # a step that an ancestor closed waits already when its own end comes, with more in it
        assert queue.put(same, 10) == 1
        assert queue.put(same, 90) == 2
        assert queue.take(2) == [same, same]
    assert queue.put("all of it", 100) == 1


def test_many_threads_lose_nothing():
    queue = BoundedQueue(max_bytes=10**9)
    taken: list[object] = []

    def put() -> None:
        for number in range(5_000):
            queue.put(number, 1)

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or len(queue):
        taken += queue.take(100)
    queue.settle(stored=len(taken))
    assert queue.counts() == Counts(emitted=20_000, stored=20_000, pending=0, dropped={})
