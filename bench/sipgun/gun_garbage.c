#include "gun_garbage.h"

#include "gun_text.h"

#include <arpa/inet.h>
#include <stdio.h>

#define BURST_MAX	 64
#define RANDOM_BYTES_MAX 512
#define MUTATIONS_MAX	 16
#define TEXT_BYTES_MAX	 800

typedef uint32_t (*garbage_write_fn)(char *room, struct gun_garbage *garbage, const struct gun *gun);

/* A message of nobody, to nobody. */
static uint32_t write_stranger(char *room, struct gun_garbage *garbage, const struct gun *gun)
{
	uint64_t random = gun_wire_random(&garbage->random);

	(void)gun;
	return (uint32_t)snprintf(room, TEXT_BYTES_MAX,
				  "INVITE sip:%u@nowhere-%x.invalid SIP/2.0\r\n"
				  "Via: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bK%016llx;rport\r\nMax-Forwards: 70\r\n"
				  "From: <sip:scanner@nowhere.invalid>;tag=%x\r\nTo: <sip:%u@nowhere.invalid>\r\n"
				  "Call-ID: %016llx@scanner\r\nCSeq: 1 INVITE\r\nContact: <sip:scanner@192.0.2.66>\r\n"
				  "Content-Length: 0\r\n\r\n",
				  (unsigned)(random >> 40), (unsigned)random & 0xffff, (unsigned long long)random,
				  (unsigned)random, (unsigned)(random >> 40), (unsigned long long)~random);
}

static uint32_t write_response(char *room, struct gun_garbage *garbage, const struct gun *gun)
{
	uint64_t random = gun_wire_random(&garbage->random);

	(void)gun;
	return (uint32_t)snprintf(
		room, TEXT_BYTES_MAX,
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%016llx\r\n"
		"Via: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bK%x\r\nFrom: <sip:a@example.invalid>;tag=%x\r\n"
		"To: <sip:b@example.invalid>;tag=1\r\nCall-ID: %016llx\r\nCSeq: 1 INVITE\r\n"
		"Contact: <sip:b@192.0.2.66>\r\nContent-Length: 0\r\n\r\n",
		(unsigned long long)random, (unsigned)random, (unsigned)random, (unsigned long long)~random);
}

static uint32_t write_random(char *room, struct gun_garbage *garbage, const struct gun *gun)
{
	uint32_t bytes = 1 + gun_wire_random_below(&garbage->random, RANDOM_BYTES_MAX);

	(void)gun;
	for (uint32_t i = 0; i < bytes; i += 8) {
		uint64_t random = gun_wire_random(&garbage->random);
		memcpy(room + i, &random, sizeof(random));
	}
	return bytes;
}

static uint32_t write_cut(char *room, struct gun_garbage *garbage, const struct gun *gun)
{
	uint32_t bytes = write_stranger(room, garbage, gun);

	return 1 + gun_wire_random_below(&garbage->random, bytes);
}

static uint32_t write_mutated(char *room, struct gun_garbage *garbage, const struct gun *gun)
{
	uint32_t bytes = write_stranger(room, garbage, gun);
	uint32_t count = 1 + gun_wire_random_below(&garbage->random, MUTATIONS_MAX);

	for (uint32_t i = 0; i < count; i++)
		room[gun_wire_random_below(&garbage->random, bytes)] = (char)gun_wire_random(&garbage->random);
	return bytes;
}

static const garbage_write_fn kinds[] = {write_random, write_cut, write_mutated, write_response, write_stranger};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

void gun_garbage_init(struct gun_garbage *garbage, const struct gun_options *options, const struct gun_mac *mac)
{
	double share = options->garbage_percent / 100;

	*garbage = (struct gun_garbage){.random = ~(uint64_t)options->seed, .per_message = share / (1 - share)};
	garbage->from.mac = *mac;
	garbage->from.address_be = options->garbage_from.address_be ? options->garbage_from.address_be
								    : options->own[GUN_CALLER].address_be;
}

static void send_one(struct gun_garbage *garbage, struct gun *gun)
{
	struct rte_mbuf *packet = gun_wire_take(&gun->wire);
	struct gun_frame frame;

	if (packet == NULL)
		return;
	garbage->from.port_be = htons(
		(uint16_t)(GUN_GARBAGE_PORT_FIRST + gun_wire_random_below(&garbage->random, GUN_GARBAGE_PORT_COUNT)));
	gun_frame_init(&frame, &garbage->from, &gun->router[GUN_CALLER]);
	uint32_t bytes =
		kinds[gun_wire_random_below(&garbage->random, KIND_COUNT)](gun_wire_room(packet), garbage, gun);
	if (!gun_wire_finish(&gun->wire, packet, &frame, bytes))
		return;
	gun->wire.counts.garbage++;
	gun_wire_send_other(&gun->wire, GUN_CALLER, packet);
}

void gun_garbage_send(struct gun_garbage *garbage, struct gun *gun)
{
	uint64_t sent = gun->wire.counts.sent;

	if (garbage->per_message <= 0)
		return;
	/* Counts begin anew when the measuring does. */
	if (sent > garbage->messages_seen)
		garbage->owed += (double)(sent - garbage->messages_seen) * garbage->per_message;
	garbage->messages_seen = sent;
	for (uint32_t i = 0; i < BURST_MAX && garbage->owed >= 1; i++, garbage->owed--)
		send_one(garbage, gun);
}
