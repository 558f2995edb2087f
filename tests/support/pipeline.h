/*
 * pipeline.h - a whole router without wire and without threads, for tests: provisioning text in, SIP datagrams in, SIP
 * datagrams out.
 *
 * Real parts all along: EAL, a port made of two rings, dataplane_create(), the workers' own bursts (run one after
 * another on this thread), publisher, provisioning store, registrar, punt reader. Only the wire and the clock are not:
 * the lcores' time stands still until the test moves it.
 *
 * The router is 192.0.2.1, [2001:db8::1] and [2001:db8::10], port 5060; everybody else in 192.0.2.0/24, 198.51.100.0/24
 * and 2001:db8::/64 is on its link.
 */
#ifndef AMITY_TESTS_PIPELINE_H
#define AMITY_TESTS_PIPELINE_H

#include "dataplane.h"
#include "span.h"

#define PIPELINE_MESSAGE_BYTES_MAX 65536

struct ban_table_write;
struct location_table;
struct pipeline;
struct provision;
struct publisher;
struct rte_mbuf;
struct worker;
struct wire_interface;

struct pipeline_message {
	struct net_address source, destination;
	uint32_t frames;      /* that it came in: 1, or its fragments */
	uint32_t fragment_id; /* 0: it came whole and must not be cut */
	uint32_t length;
	char text[PIPELINE_MESSAGE_BYTES_MAX]; /* NUL-terminated; may have a NUL inside */
};

/* Starts a router with that provisioning; fails the test when it is refused. */
struct pipeline *pipeline_start(uint32_t worker_count, const char *provisioning);

/*
 * What a router of another size than the tests' own is made of; 0: theirs. Counts are of all workers together.
 * `state_from`: a directory whose provision.db and patterns.db the router starts with (copies of them), so that
 * patterns that were compiled once are loaded; NULL: it starts with nothing. The program's main() then serves as
 * compiler (pattern_compile_serve.h).
 */
struct pipeline_sizes {
	uint32_t transaction_count, call_count, mbuf_count, nonce_set_count, endpoint_count;
	const char *state_from;
	bool wants_hugepages; /* when enough are free; valgrind cannot have them */
};

struct pipeline *pipeline_start_sized(uint32_t worker_count, const char *provisioning,
				      const struct pipeline_sizes *sizes);

/* Lets everything that waits for time end (pipeline_settle()), and fails the test when an mbuf is missing then or the
 * counters do not add up. */
void pipeline_stop(struct pipeline *pipeline);

/* Applies another document. Result: false when it is refused. */
bool pipeline_apply(struct pipeline *pipeline, const char *provisioning);

/* A datagram from "192.0.2.7:5060" to the router, in fragments when it exceeds the link's 1,500 bytes; then everything
 * runs until nothing moves. */
void pipeline_send(struct pipeline *pipeline, const char *source, const char *text);
void pipeline_send_bytes(struct pipeline *pipeline, const char *source, struct span bytes);

/* The same without running anything, into the receive queue of one worker: for benches that run the workers. */
void pipeline_put(struct pipeline *pipeline, uint32_t queue, const char *source, struct span bytes);

/* The same with a datagram that the caller has put into an mbuf, with room for a frame's headers in front of it. */
void pipeline_put_mbuf(struct pipeline *pipeline, const char *source, struct rte_mbuf *datagram);

/* An mbuf that is a whole Ethernet frame, as it is, without running anything. */
void pipeline_put_frame_mbuf(struct pipeline *pipeline, struct rte_mbuf *frame);

/* A whole Ethernet frame, as it is. `put`: with what a port says of it (RTE_MBUF_F_RX_*), and without running. */
void pipeline_send_frame(struct pipeline *pipeline, struct span frame);
void pipeline_put_frame(struct pipeline *pipeline, struct span frame, uint64_t offload_flags, uint16_t vlan_tci);

/* Everything runs until nothing moves. */
void pipeline_run(struct pipeline *pipeline);

/*
 * Time goes on, tick by tick, and after each tick everything runs until nothing moves: what is due happens when it is
 * due. The clock starts on the edge of a tick. A registration's time goes by the same clock.
 */
void pipeline_advance_ms(struct pipeline *pipeline, uint32_t ms);

/* The same in one step, for who knows what is due on the way: it happens at the end. At most TIMER_WHEEL_SLOTS ticks,
 * so that one burst catches up. */
void pipeline_jump_ms(struct pipeline *pipeline, uint32_t ms);

/* Time goes on until every transaction has ended, in coarse steps: in order, but not to the tick. Throws away what
 * leaves meanwhile. */
void pipeline_settle(struct pipeline *pipeline);

/* From now on the clock is the TSC: for benches. */
void pipeline_use_tsc(struct pipeline *pipeline);

/* The next datagram that left, fragments joined; false when there is none. Passes over 100 Trying, which answers every
 * INVITE and says nothing. */
bool pipeline_take(struct pipeline *pipeline, struct pipeline_message *message);

/* The same with 100 Trying. */
bool pipeline_take_any(struct pipeline *pipeline, struct pipeline_message *message);

/* How many 100 Trying pipeline_take() has passed over. */
uint32_t pipeline_tryings(const struct pipeline *pipeline);

/* Throws away all that left. Result: how many. */
uint32_t pipeline_discard_sent(struct pipeline *pipeline);

/* Messages that were handed to the kernel (unknown MAC). */
uint32_t pipeline_kernel_sent(const struct pipeline *pipeline);

/* Packets that ended with that verdict, with that reason, over all workers. */
uint64_t pipeline_verdict(const struct pipeline *pipeline, enum verdict verdict);
uint64_t pipeline_reason(const struct pipeline *pipeline, enum reason reason);
uint64_t pipeline_counter(const struct pipeline *pipeline, enum counter counter);

/* Fails the test unless received + steered_in = forwarded + answered + punted + dropped + absorbed + steered_out on
 * each worker, and its tables add up (worker_check.h). */
void pipeline_check_identity(const struct pipeline *pipeline);

/* The router's interface, for tests that change its MTU or VLAN. */
struct wire_interface *pipeline_interface(struct pipeline *pipeline);

/* Of all that frames and answers are written into: as many as at the start when nothing is kept or on its way. */
uint32_t pipeline_free_mbufs(const struct pipeline *pipeline);

/* The parts, for those who look at them. */
struct dataplane *pipeline_dataplane(struct pipeline *pipeline);
struct location_table *pipeline_location(struct pipeline *pipeline);
struct provision *pipeline_provision(struct pipeline *pipeline);
struct publisher *pipeline_publisher(struct pipeline *pipeline);
struct ban_table_write *pipeline_bans(struct pipeline *pipeline);
struct worker *pipeline_worker(struct pipeline *pipeline, uint32_t index);

#endif
