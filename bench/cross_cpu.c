#include "cross_cpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ring.h>

#include "must.h"

#define BURST	      32
#define BLOCKS	      1024
#define MESSAGE_BYTES 704 /* 11 lines: about what a call's messages have */
#define PRIVATE_BYTES 128

/* What stands for an mbuf: the receiver writes all of it, the owner reads it. */
struct block {
	_Alignas(64) uint64_t private_area[PRIVATE_BYTES / 8];
	uint64_t message[MESSAGE_BYTES / 8];
};

struct side {
	struct rte_ring *to_owner, *back;
	uint32_t count;
	uint64_t busy_ticks, sum;
	int cpu;
};

/* Result: how many it sent. */
static uint32_t receive_some(struct side *side, uint32_t serial)
{
	void *block[BURST];
	uint64_t start = rte_rdtsc();
	uint32_t count = rte_ring_sc_dequeue_burst(side->back, block, BURST, NULL);

	for (uint32_t i = 0; i < count; i++) {
		struct block *at = block[i];
		memset(at->message, (int)(serial + i), sizeof(at->message));
		memset(at->private_area, (int)i, sizeof(at->private_area));
	}
	if (count) {
		rte_ring_sp_enqueue_bulk(side->to_owner, block, count, NULL);
		side->busy_ticks += rte_rdtsc() - start;
	}
	return count;
}

static uint32_t own_some(struct side *side)
{
	void *block[BURST];
	uint64_t start = rte_rdtsc();
	uint32_t count = rte_ring_sc_dequeue_burst(side->to_owner, block, BURST, NULL);

	for (uint32_t i = 0; i < count; i++) {
		const struct block *at = block[i];
		for (uint32_t j = 0; j < PRIVATE_BYTES / 8; j++)
			side->sum += at->private_area[j];
		for (uint32_t j = 0; j < MESSAGE_BYTES / 8; j++)
			side->sum += at->message[j];
	}
	if (count) {
		rte_ring_sp_enqueue_bulk(side->back, block, count, NULL);
		side->busy_ticks += rte_rdtsc() - start;
	}
	return count;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(pthread_setaffinity_np(pthread_self(), sizeof(set), &set) == 0);
}

static void *run_owner(void *argument)
{
	struct side *owner = argument;

	stay_on(owner->cpu);
	for (uint32_t done = 0; done < owner->count;)
		done += own_some(owner);
	return NULL;
}

static void *run_receiver(void *argument)
{
	struct side *receiver = argument;

	stay_on(receiver->cpu);
	for (uint32_t done = 0; done < receiver->count;)
		done += receive_some(receiver, done);
	return NULL;
}

static double run_both(struct side *receiver, struct side *owner)
{
	pthread_t thread[2];

	must(pthread_create(&thread[0], NULL, run_receiver, receiver) == 0);
	must(pthread_create(&thread[1], NULL, run_owner, owner) == 0);
	must(pthread_join(thread[0], NULL) == 0);
	must(pthread_join(thread[1], NULL) == 0);
	return (double)(receiver->busy_ticks + owner->busy_ticks);
}

static void *run_alone(void *argument)
{
	struct side *side = argument;

	stay_on(side[0].cpu);
	for (uint32_t done = 0; done < side[0].count;) {
		done += receive_some(&side[0], done);
		own_some(&side[1]);
	}
	return NULL;
}

static double run_one(struct side *both)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, run_alone, both) == 0);
	must(pthread_join(thread, NULL) == 0);
	return (double)(both[0].busy_ticks + both[1].busy_ticks);
}

static bool find_cpus(int cpu[2])
{
	cpu_set_t allowed;
	uint32_t found = 0;

	must(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
	for (int i = 0; i < CPU_SETSIZE && found < 2; i++)
		if (CPU_ISSET(i, &allowed))
			cpu[found++] = i;
	return found == 2;
}

bool cross_cpu_measure(double *ns, uint32_t count)
{
	struct rte_ring *to_owner =
		rte_ring_create("cross_to", BLOCKS * 2, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	struct rte_ring *back = rte_ring_create("cross_back", BLOCKS * 2, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	struct block *block = aligned_alloc(64, BLOCKS * sizeof(*block));
	double least[2] = {0, 0};
	int cpu[2];

	if (!find_cpus(cpu))
		return false;
	must(to_owner && back && block);
	for (uint32_t i = 0; i < BLOCKS; i++)
		rte_ring_sp_enqueue(back, &block[i]);
	/* By turns; the least disturbed of each counts. */
	for (uint32_t round = 0; round < 10; round++) {
		struct side side[2] = {{.to_owner = to_owner, .back = back, .count = count, .cpu = cpu[0]},
				       {.to_owner = to_owner, .back = back, .count = count, .cpu = cpu[1]}};
		double ticks = round % 2 ? run_both(&side[0], &side[1]) : run_one(side);
		if (round < 2 || ticks < least[round % 2])
			least[round % 2] = ticks;
	}
	rte_ring_free(to_owner);
	rte_ring_free(back);
	free(block);
	*ns = (least[1] - least[0]) * 1e9 / (double)rte_get_tsc_hz() / count;
	return true;
}
