/* Stands in for the pipeline: worker_run() counts what comes and sends back what fits the link. For tests of ports. */
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_udp.h>

#include "dataplane_plan.h"
#include "worker.h"

/* Turns a frame round. Checksums of a local kernel are unfinished, so the echo has none. */
static void turn_round(struct rte_mbuf *mbuf)
{
	struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ethernet + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	struct rte_ether_addr mac = ethernet->src_addr;

	ethernet->src_addr = ethernet->dst_addr;
	ethernet->dst_addr = mac;
	RTE_SWAP(ip->src_addr, ip->dst_addr);
	RTE_SWAP(udp->src_port, udp->dst_port);
	udp->dgram_cksum = 0;
}

/* As send.c does: by the worker's own queue, or by a ring to the worker that has one. */
static bool transmit(struct worker *worker, uint16_t port_id, struct rte_mbuf *mbuf)
{
	struct rte_ring *ring = worker->dataplane->transmit[0][worker->index];

	return ring ? rte_ring_enqueue(ring, mbuf) == 0
		    : rte_eth_tx_burst(port_id, (uint16_t)worker->index, &mbuf, 1) == 1;
}

static void transmit_for_others(struct worker *worker)
{
	struct dataplane *dataplane = worker->dataplane;
	uint16_t port_id = dataplane_find_port(dataplane, 0)->port_id;
	uint32_t queues = dataplane->transmit_queue_count[0];
	void *mbuf;

	for (uint32_t from = worker->index + queues; from < dataplane->worker_count; from += queues)
		if (worker->index < queues && rte_ring_dequeue(dataplane->transmit[0][from], &mbuf) == 0 &&
		    !transmit(worker, port_id, mbuf))
			rte_pktmbuf_free(mbuf);
}

int worker_run(void *argument)
{
	struct worker *worker = argument;
	struct rte_mbuf *mbuf[BURST_MAX];

	while (!atomic_load_explicit(&worker->dataplane->stopping, memory_order_relaxed)) {
		for (uint32_t q = 0; q < worker->queue_count; q++) {
			const struct worker_queue *queue = &worker->queue[q];
			uint16_t count = rte_eth_rx_burst(queue->port_id, queue->queue_id, mbuf, BURST_MAX);
			for (uint16_t i = 0; i < count; i++) {
				__atomic_fetch_add(&worker->counters->value[COUNTER_RECEIVED], 1, __ATOMIC_RELAXED);
				__atomic_fetch_add(&worker->counters->value[COUNTER_RECEIVED_BYTES], mbuf[i]->pkt_len,
						   __ATOMIC_RELAXED);
				if (mbuf[i]->pkt_len > 60 && mbuf[i]->pkt_len <= 1514) {
					turn_round(mbuf[i]);
					if (transmit(worker, queue->port_id, mbuf[i]))
						continue;
				}
				rte_pktmbuf_free(mbuf[i]);
			}
		}
		transmit_for_others(worker);
		usleep(100);
	}
	return 0;
}

/*
 * What LeakSanitizer asks a program for. DPDK's driver of AF_XDP frees neither its sockets nor its copy of the program
 * when a port is closed; to tell its leaks from ours, every stack has to be followed to its end.
 */
const char *__asan_default_options(void);
const char *__lsan_default_suppressions(void);

const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

const char *__lsan_default_suppressions(void)
{
	return "leak:librte_net_af_xdp\n";
}
