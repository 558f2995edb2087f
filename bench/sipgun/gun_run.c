#include "gun_run.h"

#include "gun_called.h"
#include "gun_caller.h"
#include "gun_resolve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#define STARTS_MAX	32 /* in one turn of the loop: answers are looked at in between */
#define TIMERS_MAX	64
#define HANG_UPS_MAX	16
#define SILENCE_MS	100
#define SILENCE_WAIT_MS 3000
#define SETTLE_MS	200 /* in_dialog: between its calls and what is measured */
#define LATE_US		1000.0

/* The one thing that a signal handler can reach. */
static volatile bool is_interrupted;

void gun_run_interrupt(void)
{
	is_interrupted = true;
}

/* ---- opening ---- */

static bool fail(char error[GUN_RUN_ERROR_BYTES], const char *text)
{
	snprintf(error, GUN_RUN_ERROR_BYTES, "%s", text);
	return false;
}

static bool check_pool(const struct gun_options *options, const struct gun_pool *pool, char error[GUN_RUN_ERROR_BYTES])
{
	if (options->workload == GUN_WORKLOAD_REPLAY || options->workload == GUN_WORKLOAD_OPTIONS)
		return true;
	if (pool->user_count == 0)
		return fail(error, "--pool: it has no row 'user DOMAIN NAME PASSWORD'");
	if (options->workload != GUN_WORKLOAD_REGISTER && pool->calling_count == 0)
		return fail(
			error,
			"--pool: no domain has both a row 'user DOMAIN NAME PASSWORD' and a row 'dial DOMAIN NUMBER'");
	return true;
}

static bool open_side(struct gun_run *run, enum gun_side_name side, char error[GUN_RUN_ERROR_BYTES])
{
	struct gun *gun = &run->gun;
	const struct gun_options *options = gun->options;
	uint32_t device = side < run->ports.count ? side : 0;
	struct gun_frame_address own = {run->ports.mac[device], options->own[side].address_be,
					options->own[side].port_be};
	struct gun_frame_address *router = &gun->router[side];

	router->address_be = options->router[side].address_be;
	router->port_be = options->router[side].port_be;
	if (own.address_be == 0)
		return true;
	if (options->has_router_mac[side])
		router->mac = options->router_mac[side];
	else if (!gun_resolve_router(&router->mac, &gun->wire, &run->ports, options, side, error))
		return false;
	gun_frame_init(&gun->frame[side], &own, router);
	return true;
}

static bool make_memory(struct gun_run *run, uint32_t run_id, char error[GUN_RUN_ERROR_BYTES])
{
	struct gun *gun = &run->gun;
	const struct gun_options *options = gun->options;
	bool keeps_nonces = options->workload == GUN_WORKLOAD_INVITE_AUTH || options->workload == GUN_WORKLOAD_REGISTER;

	if (keeps_nonces && (gun->nonce = calloc(gun->pool->user_count, sizeof(*gun->nonce))) == NULL)
		return fail(error, "no memory for the nonces of all users");
	if (!gun_call_init(&gun->calls, options->calls_max, run_id))
		return fail(error, "no memory for so many calls; take fewer --calls-max");
	return gun_message_init(&gun->messages, options, run_id) || fail(error, "a template of sipgun is wrong");
}

bool gun_run_open(struct gun_run *run, const struct gun_options *options, const struct gun_pool *pool,
		  char error[GUN_RUN_ERROR_BYTES])
{
	struct gun *gun = &run->gun;
	struct timespec now;

	gun->options = options;
	gun->pool = pool;
	gun->random = options->seed;
	if (!check_pool(options, pool, error) || !gun_port_open(&run->ports, options, error))
		return false;
	/* Late messages of another run are not taken for ours. */
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t mixed = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec ^ options->seed;
	if (!make_memory(run, (uint32_t)gun_wire_random(&mixed), error))
		return false;
	gun_wire_init(&gun->wire, &run->ports, options);
	for (uint32_t side = 0; side < GUN_SIDES; side++)
		if (!open_side(run, side, error))
			return false;
	gun_garbage_init(&run->garbage, options, &run->ports.mac[0]);
	run->cycles_per_s = rte_get_tsc_hz();
	gun->cycles_per_tick = run->cycles_per_s / 1000 * TIMER_WHEEL_TICK_MS;
	gun->start_tsc = rte_rdtsc();
	timer_wheel_init(&gun->wheel, 0);
	return options->workload != GUN_WORKLOAD_REPLAY || gun_replay_load(&run->replay, options->pcap, error);
}

/* ---- a turn of the loop ---- */

static void take_message(struct gun *gun, const struct gun_frame_received *received)
{
	struct gun_message message;

	if (gun_garbage_owns(ntohs(received->to.port_be))) {
		gun->counts.garbage_answers++;
		return;
	}
	if (!gun_read(&message, received->message)) {
		gun->counts.unreadable++;
		return;
	}
	gun->counts.received++;
	if (message.status != 0)
		gun_caller_take(gun, &message);
	else
		gun_called_take(gun, &message, received);
}

static void take_frame(struct gun_run *run, uint32_t device, const struct rte_mbuf *packet)
{
	struct span frame = span_make(rte_pktmbuf_mtod(packet, const char *), packet->data_len);
	struct gun_frame_received received;

	switch (gun_frame_read(&received, frame)) {
	case GUN_FRAME_UDP:
		if (received.to.address_be == run->gun.options->own[GUN_CALLER].address_be ||
		    received.to.address_be == run->gun.options->own[GUN_CALLEE].address_be)
			take_message(&run->gun, &received);
		else if (gun_garbage_owns(ntohs(received.to.port_be)))
			run->gun.counts.garbage_answers++;
		break;
	case GUN_FRAME_ARP:
		gun_resolve_answer(&run->gun.wire, &run->ports, run->gun.options, device, frame);
		break;
	case GUN_FRAME_FRAGMENT:
		run->gun.counts.fragments++;
		break;
	case GUN_FRAME_OTHER:
		break;
	}
}

static uint32_t receive(struct gun_run *run)
{
	struct rte_mbuf *packets[GUN_WIRE_BURST];
	uint32_t total = 0;

	for (uint32_t device = 0; device < run->ports.count; device++) {
		uint32_t count = rte_eth_rx_burst(run->ports.id[device], 0, packets, GUN_WIRE_BURST);
		for (uint32_t i = 0; i < count; i++)
			rte_prefetch0(rte_pktmbuf_mtod(packets[i], void *));
		for (uint32_t i = 0; i < count; i++)
			take_frame(run, device, packets[i]);
		if (count > 0)
			rte_pktmbuf_free_bulk(packets, count);
		total += count;
	}
	return total;
}

static uint32_t start_due(struct gun_run *run)
{
	uint64_t due_tsc;
	uint32_t count = 0;

	while (count < STARTS_MAX && gun_schedule_take(&due_tsc, &run->schedule, run->gun.now_tsc)) {
		if (run->gun.options->workload == GUN_WORKLOAD_REPLAY)
			gun_replay_send(&run->replay, &run->gun, run->replay_next++);
		else
			gun_caller_begin(&run->gun, due_tsc);
		count++;
	}
	run->started += count;
	return count;
}

static uint32_t expire(struct gun *gun)
{
	struct timer *timer;
	uint32_t count = 0;

	while (count < TIMERS_MAX && (timer = timer_wheel_take_due(&gun->wheel, gun->now_tick)) != NULL) {
		size_t offset = (size_t)((char *)timer - (char *)gun->calls.call) % sizeof(struct gun_call);
		if (offset == offsetof(struct gun_call, caller_timer))
			gun_caller_expire(gun, (struct gun_call *)(void *)((char *)timer - offset));
		else
			gun_called_expire(gun, (struct gun_call *)(void *)((char *)timer - offset));
		count++;
	}
	return count;
}

static void read_time(struct gun *gun)
{
	gun->now_tsc = rte_rdtsc();
	while (gun->now_tsc - gun->start_tsc >= (gun->now_tick + 1) * gun->cycles_per_tick)
		gun->now_tick++;
}

static void show_progress(struct gun_run *run)
{
	const struct gun *gun = &run->gun;

	if (gun->now_tsc < run->progress_tsc)
		return;
	run->progress_tsc = gun->now_tsc + run->cycles_per_s;
	fprintf(stderr, "sipgun: %s, %llu started, %u live, %llu completed, %llu failed\n",
		gun->is_measuring ? "measuring" : "not measuring", (unsigned long long)run->started, gun->calls.live,
		(unsigned long long)gun->counts.completed, (unsigned long long)gun->counts.failed);
}

void gun_run_turn(struct gun_run *run)
{
	struct gun *gun = &run->gun;

	read_time(gun);
	uint64_t began_tsc = gun->now_tsc;
	uint32_t work = receive(run);
	work += start_due(run);
	work += expire(gun);
	gun_garbage_send(&run->garbage, gun);
	gun_wire_flush(&gun->wire);
	if (work > 0)
		run->busy_cycles += rte_rdtsc() - began_tsc;
	if (gun->options->progress)
		show_progress(run);
}

/* ---- the parts of a run ---- */

static void forget_counts(struct gun_run *run)
{
	memset(&run->gun.counts, 0, sizeof(run->gun.counts));
	memset(&run->gun.wire.counts, 0, sizeof(run->gun.wire.counts));
	run->garbage.messages_seen = 0;
	run->started = run->busy_cycles = 0;
}

static void turn_until(struct gun_run *run, uint64_t end_tsc)
{
	while (!is_interrupted && run->gun.now_tsc < end_tsc)
		gun_run_turn(run);
}

static uint64_t cycles_of(const struct gun_run *run, double seconds)
{
	return (uint64_t)(seconds * (double)run->cycles_per_s);
}

/* in_dialog: its calls, all --calls-max of them, at --rate. */
static void set_up_calls(struct gun_run *run, double rate)
{
	struct gun *gun = &run->gun;
	struct gun_schedule schedule;
	uint64_t due_tsc;
	uint32_t begun = 0;

	gun_schedule_init(&schedule, gun->now_tsc, UINT64_MAX, rate, run->cycles_per_s);
	run->schedule.end_tsc = 0;
	while (!is_interrupted && begun < gun->calls.count_max) {
		gun_run_turn(run);
		for (uint32_t i = 0; i < STARTS_MAX && begun < gun->calls.count_max; i++, begun++)
			if (!gun_schedule_take(&due_tsc, &schedule, gun->now_tsc))
				break;
			else
				gun_caller_begin_call(gun, due_tsc);
	}
	turn_until(run, gun->now_tsc + run->cycles_per_s * SETTLE_MS / 1000);
}

static void drain(struct gun_run *run)
{
	struct gun *gun = &run->gun;
	uint64_t end_tsc = gun->now_tsc + cycles_of(run, gun->options->drain_s + gun->options->hold_ms / 1000.0);

	gun->is_ending = true;
	gun->next_call = 0;
	while (!is_interrupted && gun->now_tsc < end_tsc && gun->calls.live > 0) {
		gun_run_turn(run);
		if (gun->options->workload == GUN_WORKLOAD_IN_DIALOG)
			gun_caller_hang_up(gun, HANG_UPS_MAX);
	}
	gun_caller_abandon(gun);
	gun->is_ending = false;
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fill_rates(struct gun_result *result, const struct gun_run *run, uint64_t cycles)
{
	const struct gun_counts *counts = &run->gun.counts;
	const struct gun_wire_counts *wire = &run->gun.wire.counts;
	double seconds = (double)cycles / (double)run->cycles_per_s;

	result->seconds = seconds;
	result->started_per_s = (double)run->started / seconds;
	result->sent_per_s = (double)wire->sent / seconds;
	result->received_per_s = (double)counts->received / seconds;
	result->garbage_per_s = (double)wire->garbage / seconds;
	result->busy_share = (double)run->busy_cycles / (double)cycles;
	result->start_lag_us =
		(double)hdr_histogram_find(&counts->latency[GUN_LATENCY_START], 0.99) * 1e6 / (double)run->cycles_per_s;
}

bool gun_run_measure(struct gun_result *result, struct gun_run *run, double rate)
{
	struct gun *gun = &run->gun;
	double warm_up_s = gun->options->warm_up_s;

	*result = (struct gun_result){.rate = rate};
	read_time(gun);
	if (gun->options->workload == GUN_WORKLOAD_IN_DIALOG)
		set_up_calls(run, rate);
	uint64_t begin_tsc = gun->now_tsc + cycles_of(run, warm_up_s);
	uint64_t end_tsc = UINT64_MAX;
	gun_schedule_init(&run->schedule, gun->now_tsc, end_tsc, rate, run->cycles_per_s);
	turn_until(run, begin_tsc);
	forget_counts(run);
	gun->is_measuring = true;
	double cpu_s = cpu_seconds();
	/* Others may have had the CPU meanwhile: what is measured is as long as it should be. */
	begin_tsc = gun->now_tsc;
	end_tsc = begin_tsc + cycles_of(run, gun->options->duration_s);
	run->schedule.end_tsc = end_tsc;
	turn_until(run, end_tsc);
	result->cpu_share = cpu_seconds() - cpu_s;
	gun->is_measuring = false;
	run->schedule.end_tsc = 0;
	fill_rates(result, run, gun->now_tsc - begin_tsc);
	result->cpu_share /= result->seconds;
	drain(run);
	const struct gun_counts *counts = &gun->counts;
	result->done_per_s = (double)counts->completed / result->seconds;
	result->failed_share = counts->tried ? (double)counts->failed / (double)counts->tried : 0;
	result->is_generator_late =
		result->start_lag_us > LATE_US || result->started_per_s < GUN_RUN_STARTED_SHARE_MIN * rate;
	return !is_interrupted;
}

/* ---- closing ---- */

/*
 * Until nothing comes any more, within reason: DPDK's memif lets a router that is reading from us fall over our end
 * (librte_net_memif 22.11 unmaps the rings under the burst that reads them).
 */
static void wait_for_silence(struct gun_run *run)
{
	uint64_t end_tsc = rte_rdtsc() + run->cycles_per_s * SILENCE_WAIT_MS / 1000, silent_tsc = rte_rdtsc();

	run->schedule.end_tsc = 0;
	run->garbage.per_message = 0;
	while (rte_rdtsc() < end_tsc && rte_rdtsc() - silent_tsc < run->cycles_per_s * SILENCE_MS / 1000) {
		uint64_t received = run->gun.counts.received;
		gun_run_turn(run);
		if (run->gun.counts.received != received)
			silent_tsc = rte_rdtsc();
	}
}

void gun_run_close(struct gun_run *run)
{
	struct gun *gun = &run->gun;

	if (run->cycles_per_s > 0) {
		gun_caller_abandon(gun);
		wait_for_silence(run);
	}
	gun_wire_flush(&gun->wire);
	gun_call_free(&gun->calls);
	free(gun->nonce);
	gun->nonce = NULL;
	gun_replay_free(&run->replay);
	gun_port_close(&run->ports);
}
