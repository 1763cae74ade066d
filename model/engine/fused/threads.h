#pragma once

/** Part of a loop: rows, tiles or heads from `begin` to before `end`. */
typedef void (*Part)(const void* arguments, long begin, long end);

/** Run `part` over [0, count) on all threads, `grain` at a time. Who computes what never changes a result. */
void inParallel(long count, long grain, Part part, const void* arguments);
