#include "stand_in.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#define RING_COUNT 4096
#define BURST	   32

#define VIA "Via: SIP/2.0/UDP 10.9.0.1;branch=z9hG4bK00112233445566778899aabb\r\n"
#define RECORD_ROUTE                                                                                                   \
	"Record-Route: <sip:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef@10.9.0.1:5060;lr>\r\n"
#define NONCE "nonce=\"AQAAAABlX0d3c2l0aW9uLW5vbmNlLWJhc2U2NHVybA\",qop=\"auth\""
#define END   "Content-Length: 0\r\n\r\n"

#define CHALLENGE(header) header ": Digest realm=\"acme.test\"," NONCE ",algorithm=SHA-256\r\n" END

static const struct gun_answer trying = {.start_line = {"SIP/2.0 100 Trying\r\n", 20}, .rest = {END, sizeof(END) - 1}};
static const struct gun_answer good = {.start_line = {"SIP/2.0 200 OK\r\n", 16}, .rest = {END, sizeof(END) - 1}};
static const struct gun_answer challenge_407 = {
	.start_line = {"SIP/2.0 407 Proxy Authentication Required\r\n", 43},
	.rest = {CHALLENGE("Proxy-Authenticate"), sizeof(CHALLENGE("Proxy-Authenticate")) - 1}};
static const struct gun_answer challenge_401 = {
	.start_line = {"SIP/2.0 401 Unauthorized\r\n", 26},
	.rest = {CHALLENGE("WWW-Authenticate"), sizeof(CHALLENGE("WWW-Authenticate")) - 1}};

bool stand_in_open(struct stand_in *router)
{
	*router = (struct stand_in){0};
	router->to_router = rte_ring_create("to_router", RING_COUNT, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	router->from_router = rte_ring_create("from_router", RING_COUNT, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return router->to_router != NULL && router->from_router != NULL &&
	       rte_eth_from_rings("gun", &router->from_router, 1, &router->to_router, 1, SOCKET_ID_ANY) >= 0;
}

void stand_in_join(struct stand_in *router, const struct gun_run *run)
{
	const struct gun_options *options = run->gun.options;

	router->pool = run->ports.pool;
	for (uint32_t side = 0; side < GUN_SIDES; side++) {
		struct gun_frame_address to = {run->ports.mac[0], options->own[side].address_be,
					       options->own[side].port_be};
		gun_frame_init(&router->to_side[side], &run->gun.router[side], &to);
	}
}

static void send_bytes(struct stand_in *router, enum gun_side_name side, struct rte_mbuf *packet, uint32_t bytes)
{
	gun_frame_write(rte_pktmbuf_mtod(packet, uint8_t *), &router->to_side[side], bytes);
	packet->data_len = (uint16_t)(GUN_FRAME_HEADER_BYTES + bytes);
	packet->pkt_len = packet->data_len;
	if (rte_ring_enqueue(router->from_router, packet) != 0)
		rte_pktmbuf_free(packet);
}

static void answer(struct stand_in *router, const struct gun_message *request, const struct gun_answer *text)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(router->pool);

	if (packet == NULL)
		return;
	send_bytes(router, GUN_CALLER, packet,
		   gun_message_answer(gun_wire_room(packet), GUN_WIRE_ROOM_BYTES, request, text,
				      SPAN_LITERAL("stand-in")));
}

static bool has(const struct gun_message *message, enum sip_header_name name)
{
	return gun_read_value(message, name).length > 0;
}

/* Passes a message on: `insert` behind the start line, without the first line of the name `without`. */
static void pass(struct stand_in *router, enum gun_side_name side, const struct gun_message *message,
		 struct span insert, enum sip_header_name without)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(router->pool);
	const char *from = message->bytes.at;
	uint32_t used = message->line[0].start, left_out = 0, total = message->bytes.length;

	if (packet == NULL)
		return;
	char *room = gun_wire_room(packet);
	while (left_out < message->line_count && message->line[left_out].name != without)
		left_out++;
	memcpy(room, from, used);
	memcpy(room + used, insert.at, insert.length);
	uint32_t at = used;
	used += insert.length;
	if (left_out < message->line_count) {
		const struct gun_line *line = &message->line[left_out];
		memcpy(room + used, from + at, line->start - at);
		used += line->start - at;
		at = line->end;
	}
	memcpy(room + used, from + at, total - at);
	send_bytes(router, side, packet, used + total - at);
}

static void take_request(struct stand_in *router, const struct gun_message *request)
{
	switch (request->method) {
	case SIP_METHOD_INVITE:
		if (!has(request, SIP_HEADER_PROXY_AUTHORIZATION) && !has(request, SIP_HEADER_ROUTE)) {
			answer(router, request, &challenge_407);
			return;
		}
		answer(router, request, &trying);
		pass(router, GUN_CALLEE, request, SPAN_LITERAL(VIA RECORD_ROUTE), SIP_HEADER_ROUTE);
		return;
	case SIP_METHOD_REGISTER:
		answer(router, request, has(request, SIP_HEADER_AUTHORIZATION) ? &good : &challenge_401);
		return;
	case SIP_METHOD_OPTIONS:
		answer(router, request, &good);
		return;
	default:
		/* An ACK without Route is for an answer of our own. */
		if (has(request, SIP_HEADER_ROUTE))
			pass(router, GUN_CALLEE, request, SPAN_LITERAL(VIA), SIP_HEADER_ROUTE);
	}
}

static void take(struct stand_in *router, const struct rte_mbuf *packet)
{
	struct gun_frame_received received;
	struct gun_message message;

	if (gun_frame_read(&received, span_make(rte_pktmbuf_mtod(packet, const char *), packet->data_len)) !=
		    GUN_FRAME_UDP ||
	    !gun_read(&message, received.message)) {
		router->unread++;
		return;
	}
	router->handled++;
	if (message.status == 0)
		take_request(router, &message);
	else
		pass(router, GUN_CALLER, &message, (struct span){"", 0}, SIP_HEADER_VIA);
}

void stand_in_turn(struct stand_in *router)
{
	void *packets[BURST];
	uint32_t count;

	while ((count = rte_ring_dequeue_burst(router->to_router, packets, BURST, NULL)) > 0)
		for (uint32_t i = 0; i < count; i++) {
			take(router, packets[i]);
			rte_pktmbuf_free(packets[i]);
		}
}

static void empty(struct rte_ring *ring)
{
	void *packet;

	while (ring != NULL && rte_ring_dequeue(ring, &packet) == 0)
		rte_pktmbuf_free(packet);
}

void stand_in_close(struct stand_in *router)
{
	empty(router->to_router);
	empty(router->from_router);
	rte_ring_free(router->to_router);
	rte_ring_free(router->from_router);
	*router = (struct stand_in){0};
}
