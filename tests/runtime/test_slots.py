"""The right to be under way: so many at once, in turn, and given back once."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

from xai_dual import PoolState
from xai_dual._slots import Slot, ThreadSlots
from xai_dual._task_slots import TaskSlots


def test_a_slot_is_freed_once() -> None:
    freed: list[str] = []
    slot = Slot(lambda: freed.append("slot"))
    calls: set[Slot] = set()
    slot.join(calls)
    assert calls == {slot}
    for _ in range(3):
        slot.free()
    assert freed == ["slot"]
    assert not calls


def test_tasks_take_turns() -> None:
    async def main() -> None:
        slots = TaskSlots(2)
        one, two = await slots.take(1), await slots.take(1)
        assert one is not None
        assert two is not None
        assert await slots.take(0.01) is None
        order: list[int] = []

        async def wait(number: int) -> Slot | None:
            slot = await slots.take(5)
            order.append(number)
            return slot

        tasks = [asyncio.create_task(wait(number)) for number in range(4)]
        await asyncio.sleep(0)
        assert slots.state == PoolState(2, 4, 2)
        tasks[1].cancel()
        await asyncio.sleep(0)
        one.free()
        one.free()
        thread = threading.Thread(target=two.free)  # as a finalizer may
        thread.start()
        thread.join()
        first, third = await tasks[0], await tasks[2]
        assert slots.state == PoolState(2, 1, 2)
        for slot in (first, third):
            assert slot is not None
            slot.free()
        last = await tasks[3]
        assert order == [0, 2, 3]
        assert last is not None
        last.free()
        assert slots.state == PoolState(0, 0, 2)

    asyncio.run(main())


def test_a_task_that_is_cancelled_as_its_turn_comes() -> None:
    async def main() -> None:
        slots = TaskSlots(1)
        one = await slots.take(None)
        assert one is not None
        task = asyncio.create_task(slots.take(None))
        await asyncio.sleep(0)
        one.free()
        task.cancel()
        await asyncio.wait([task])
        assert slots.state.in_use == (0 if task.cancelled() else 1)
        if task.cancelled():
            assert await slots.take(0.1) is not None

    asyncio.run(main())


def test_threads_take_turns() -> None:
    slots = ThreadSlots(3)
    held = [slots.take(0) for _ in range(3)]
    assert slots.take(0.01) is None
    assert slots.state == PoolState(3, 0, 3)
    most: list[int] = []
    left = threading.Semaphore(0)

    def work() -> None:
        slot = slots.take(5)
        assert slot is not None
        most.append(slots.state.in_use)
        time.sleep(0.001)
        slot.free()
        left.release()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for slot in held:
        assert slot is not None
        slot.free()
        slot.free()
    for thread in threads:
        thread.join(5)
    assert len(most) == 20
    assert max(most) <= 3
    assert slots.state == PoolState(0, 0, 3)


def test_a_finalizer_may_free_at_any_moment() -> None:
    slots = ThreadSlots(1)

    class Holder:
        def __init__(self) -> None:
            self.slot = slots.take(1)
            self.itself = self

        def __del__(self) -> None:
            assert self.slot is not None
            self.slot.free()

    for _ in range(50):
        Holder()
        gc.collect()
    assert slots.state.in_use == 0
