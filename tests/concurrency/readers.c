#include "readers.h"

#include <stdlib.h>

#include <rte_rcu_qsbr.h>

#include "must.h"

struct dataplane *readers_make_dataplane(uint32_t worker_count)
{
	struct dataplane *dataplane = calloc(1, sizeof(*dataplane));
	size_t size = RTE_ALIGN_CEIL(rte_rcu_qsbr_get_memsize(LCORES_MAX), RTE_CACHE_LINE_SIZE);

	must(dataplane);
	dataplane->qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	must(dataplane->qsbr && rte_rcu_qsbr_init(dataplane->qsbr, LCORES_MAX) == 0);
	dataplane->worker_count = worker_count;
	return dataplane;
}

void readers_free_dataplane(struct dataplane *dataplane)
{
	free(dataplane->qsbr);
	free(dataplane);
}

/* EAL pins the thread that starts it, and with it all that this thread makes: readers belong on every CPU. */
static void leave_cpu(void)
{
	cpu_set_t all;

	CPU_ZERO(&all);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &all);
	must(pthread_setaffinity_np(pthread_self(), sizeof(all), &all) == 0);
}

/* As worker_run() with its stages replaced by one look. */
static void *run(void *argument)
{
	struct reader *reader = argument;
	struct worker *worker = reader->worker;

	leave_cpu();
	rte_rcu_qsbr_thread_online(worker->dataplane->qsbr, worker->index);
	while (!atomic_load_explicit(reader->stopping, memory_order_relaxed)) {
		worker_begin_burst(worker);
		reader->wrong += reader->look(worker);
		worker_end_burst(worker);
		/* Relaxed: a count, nothing else is read through it. */
		atomic_fetch_add_explicit(&reader->look_count, 1, memory_order_relaxed);
	}
	rte_rcu_qsbr_thread_offline(worker->dataplane->qsbr, worker->index);
	return NULL;
}

void readers_start(struct readers *readers, struct dataplane *dataplane, readers_look_fn look)
{
	atomic_init(&readers->stopping, false);
	for (uint32_t i = 0; i < READERS; i++) {
		struct reader *reader = &readers->reader[i];
		*reader = (struct reader){.look = look, .stopping = &readers->stopping};
		reader->worker = calloc(1, sizeof(*reader->worker));
		must(reader->worker);
		reader->worker->dataplane = dataplane;
		reader->worker->index = i;
		reader->worker->tick_tsc = 1; /* no timers: any tick will do */
		must(rte_rcu_qsbr_thread_register(dataplane->qsbr, i) == 0);
		must(pthread_create(&reader->thread, NULL, run, reader) == 0);
	}
}

bool readers_have_looked(struct readers *readers, uint64_t count)
{
	for (uint32_t i = 0; i < READERS; i++)
		if (atomic_load_explicit(&readers->reader[i].look_count, memory_order_relaxed) < count)
			return false;
	return true;
}

uint64_t readers_stop(struct readers *readers)
{
	uint64_t wrong = 0;

	atomic_store_explicit(&readers->stopping, true, memory_order_relaxed);
	for (uint32_t i = 0; i < READERS; i++) {
		struct reader *reader = &readers->reader[i];
		must(pthread_join(reader->thread, NULL) == 0);
		rte_rcu_qsbr_thread_unregister(reader->worker->dataplane->qsbr, i);
		free(reader->worker);
		wrong += reader->wrong;
	}
	return wrong;
}
