/*
 * bad_wire - a wire between two interfaces that loses, doubles and delays (and so reorders) frames of UDP, as its dice
 * say.
 *
 *   bad_wire SEED IFNAME:drop=2,duplicate=2,delay=10,hold=30 IFNAME:...
 *
 * Each side's rates, in percent, are for frames that come in by it: a frame is dropped, or sent on, perhaps twice, each
 * of its copies perhaps only after 1 to `hold` milliseconds. Whatever is not UDP over IP passes. Each side has dice of
 * its own, so that the fate of a side's n-th frame depends on nothing but SEED. Says "ready", and at SIGTERM one line
 * of JSON: what it did, by side. Frames keep their addresses and also what a kernel still owes them (checksum offload).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HOLD_MS_MAX	1000
#define SLOTS		1024 /* of a millisecond; more than HOLD_MS_MAX */
#define FRAME_BYTES_MAX (65536 + 64)
#define SOCKET_BYTES	(8 << 20)
#define HEADER_BYTES	sizeof(struct virtio_net_hdr)

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

/* What a frame's fate was; names for the report. */
enum fate { PASSED, DROPPED, DUPLICATED, DELAYED, OTHER, LOST, FATE_COUNT };
static const char *const fate_name[FATE_COUNT] = {"passed", "dropped", "duplicated", "delayed", "other", "lost"};

struct side {
	char interface[IFNAMSIZ];
	int socket;
	unsigned int drop, duplicate, delay, hold_ms; /* percent, percent, percent, ms */
	uint64_t dice;
	uint64_t count[FATE_COUNT];
};

struct held {
	struct held *next;
	struct side *from, *to;
	size_t length;
	uint8_t bytes[];
};

/* Slot i: what is due in the millisecond that is i modulo SLOTS, oldest first. */
struct wire {
	struct side side[2];
	struct held *first[SLOTS], *last[SLOTS];
	uint64_t now_ms;
	uint32_t held_count;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void usage(void)
{
	fprintf(stderr, "bad_wire SEED IFNAME:drop=PERCENT,duplicate=PERCENT,delay=PERCENT,hold=MS IFNAME:...\n");
	exit(2);
}

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* xorshift64*: 0 to below - 1. */
static unsigned int roll(struct side *side, unsigned int below)
{
	side->dice ^= side->dice >> 12;
	side->dice ^= side->dice << 25;
	side->dice ^= side->dice >> 27;
	return (unsigned int)((side->dice * 0x2545f4914f6cdd1dull >> 32) % below);
}

static bool is_udp(const uint8_t *frame, size_t length)
{
	uint16_t type;

	if (length < ETH_HLEN + 40)
		return false;
	memcpy(&type, frame + 12, sizeof(type));
	if (ntohs(type) == ETH_P_IP)
		return frame[ETH_HLEN + 9] == IPPROTO_UDP;
	return ntohs(type) == ETH_P_IPV6 &&
	       (frame[ETH_HLEN + 6] == IPPROTO_UDP || frame[ETH_HLEN + 6] == IPPROTO_FRAGMENT);
}

static void transmit(struct side *from, struct side *to, const uint8_t *bytes, size_t length)
{
	if (send(to->socket, bytes, length, 0) != (ssize_t)length)
		from->count[LOST]++;
}

static void hold(struct wire *wire, struct side *from, struct side *to, const uint8_t *bytes, size_t length)
{
	uint64_t slot = (wire->now_ms + 1 + roll(from, from->hold_ms)) % SLOTS;
	struct held *held = malloc(sizeof(*held) + length);

	if (!held)
		fail("malloc");
	*held = (struct held){.from = from, .to = to, .length = length};
	memcpy(held->bytes, bytes, length);
	if (wire->first[slot])
		wire->last[slot]->next = held;
	else
		wire->first[slot] = held;
	wire->last[slot] = held;
	wire->held_count++;
	from->count[DELAYED]++;
}

static void pass(struct wire *wire, struct side *from, struct side *to, const uint8_t *bytes, size_t length)
{
	if (from->hold_ms && roll(from, 100) < from->delay)
		hold(wire, from, to, bytes, length);
	else
		transmit(from, to, bytes, length);
}

static void take(struct wire *wire, struct side *from, struct side *to, const uint8_t *bytes, size_t length)
{
	if (!is_udp(bytes + HEADER_BYTES, length - HEADER_BYTES)) {
		from->count[OTHER]++;
		transmit(from, to, bytes, length);
		return;
	}
	if (roll(from, 100) < from->drop) {
		from->count[DROPPED]++;
		return;
	}
	from->count[PASSED]++;
	pass(wire, from, to, bytes, length);
	if (roll(from, 100) < from->duplicate) {
		from->count[DUPLICATED]++;
		pass(wire, from, to, bytes, length);
	}
}

static void receive(struct wire *wire, struct side *from, struct side *to)
{
	static uint8_t bytes[FRAME_BYTES_MAX];
	ssize_t length;

	while ((length = recv(from->socket, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		take(wire, from, to, bytes, (size_t)length);
}

/* Sends all that fell due since the last time. */
static void release(struct wire *wire, uint64_t until_ms)
{
	for (; wire->now_ms < until_ms; wire->now_ms++) {
		uint64_t slot = (wire->now_ms + 1) % SLOTS;
		struct held *held = wire->first[slot];

		wire->first[slot] = NULL;
		while (held) {
			struct held *next = held->next;
			transmit(held->from, held->to, held->bytes, held->length);
			free(held);
			wire->held_count--;
			held = next;
		}
	}
}

static void side_read(struct side *side, char *text)
{
	char *const names[] = {"drop", "duplicate", "delay", "hold", NULL};
	unsigned int *const values[] = {&side->drop, &side->duplicate, &side->delay, &side->hold_ms};
	char *colon = strchr(text, ':'), *value;

	if (!colon || (size_t)(colon - text) >= sizeof(side->interface))
		usage();
	memcpy(side->interface, text, (size_t)(colon - text));
	for (char *rest = colon + 1; *rest;) {
		int which = getsubopt(&rest, names, &value);
		if (which < 0 || !value)
			usage();
		*values[which] = (unsigned int)strtoul(value, NULL, 10);
	}
	if (side->drop > 100 || side->duplicate > 100 || side->delay > 100 || side->hold_ms > HOLD_MS_MAX)
		usage();
}

static void side_open(struct side *side)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int on = 1, bytes = SOCKET_BYTES;

	address.sll_ifindex = (int)if_nametoindex(side->interface);
	if (address.sll_ifindex == 0)
		fail(side->interface);
	side->socket = socket(AF_PACKET, SOCK_RAW, 0);
	if (side->socket < 0)
		fail("socket");
	if (setsockopt(side->socket, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) != 0 ||
	    setsockopt(side->socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
	    setsockopt(side->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0 ||
	    bind(side->socket, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail(side->interface);
}

/* Frames that the socket had no room for are lost to everybody: the report must say so. */
static void side_count_overruns(struct side *side)
{
	struct tpacket_stats statistics;
	socklen_t length = sizeof(statistics);

	if (getsockopt(side->socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) == 0)
		side->count[LOST] += statistics.tp_drops;
}

static void report(struct wire *wire)
{
	for (int i = 0; i < 2; i++) {
		side_count_overruns(&wire->side[i]);
		printf("%s\"%s\": {", i ? ", " : "{", wire->side[i].interface);
		for (int fate = 0; fate < FATE_COUNT; fate++)
			printf("%s\"%s\": %llu", fate ? ", " : "", fate_name[fate],
			       (unsigned long long)wire->side[i].count[fate]);
		printf("}");
	}
	printf("}\n");
}

static volatile sig_atomic_t ending;

static void end(int signal_number)
{
	(void)signal_number;
	ending = 1;
}

static void run(struct wire *wire)
{
	struct pollfd poll_for[2] = {{.fd = wire->side[0].socket, .events = POLLIN},
				     {.fd = wire->side[1].socket, .events = POLLIN}};
	sigset_t waiting;

	sigprocmask(SIG_SETMASK, NULL, &waiting);
	sigdelset(&waiting, SIGTERM);
	wire->now_ms = clock_ms();
	while (!ending) {
		struct timespec tick = {.tv_nsec = 1000000};
		if (ppoll(poll_for, 2, wire->held_count ? &tick : NULL, &waiting) < 0 && errno != EINTR)
			fail("ppoll");
		release(wire, clock_ms());
		receive(wire, &wire->side[0], &wire->side[1]);
		receive(wire, &wire->side[1], &wire->side[0]);
	}
}

int main(int count, char **words)
{
	static struct wire wire;
	struct sigaction action = {.sa_handler = end};
	sigset_t blocked;

	if (count != 4)
		usage();
	for (int i = 0; i < 2; i++) {
		side_read(&wire.side[i], words[2 + i]);
		wire.side[i].dice = (strtoull(words[1], NULL, 10) + 1) * 0x9e3779b97f4a7c15ull + (uint64_t)i + 1;
		side_open(&wire.side[i]);
	}
	/* Only ppoll() is interrupted: a signal just before it is not forgotten. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	run(&wire);
	report(&wire);
	return 0;
}
