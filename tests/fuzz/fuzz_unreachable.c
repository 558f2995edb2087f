/*
 * ICMP errors: frames down to the request of ours that they quote.
 *
 * The first byte of the input says what of the frame is written around the rest of it, with lengths and checksums that
 * are right: nothing, all up to the ICMP header's 8 bytes, or up to the UDP payload that is quoted; over IPv4 or IPv6.
 */
#include "fuzz_input.h"

#include <netinet/in.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include "checksum.h"
#include "frame_read.h"
#include "unreachable_read.h"

#define SIP_PORT	5060
#define FRAME_BYTES_MAX 8192
#define OWN_PORT_BYTES	"\x13\xc4\x13\xc4"

enum written {
	WRITTEN_NOTHING,
	WRITTEN_FRAME,
	WRITTEN_QUOTED_HEADERS,
	WRITTEN_COUNT,
};

static const uint8_t own_v4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
static const uint8_t peer_v4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
static const uint8_t own_v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
static const uint8_t peer_v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};

/* Result: behind the header. */
static char *write_ip(char *at, bool v6, bool from_us, uint8_t protocol, uint32_t length)
{
	if (v6) {
		struct rte_ipv6_hdr ip = {.vtc_flow = RTE_BE32(6u << 28),
					  .payload_len = rte_cpu_to_be_16((uint16_t)length),
					  .proto = protocol};
		memcpy(ip.src_addr, from_us ? own_v6 : peer_v6, 16);
		memcpy(ip.dst_addr, from_us ? peer_v6 : own_v6, 16);
		memcpy(at, &ip, sizeof(ip));
		return at + sizeof(ip);
	}
	struct rte_ipv4_hdr ip = {.version_ihl = RTE_IPV4_VHL_DEF,
				  .total_length = rte_cpu_to_be_16((uint16_t)(length + sizeof(ip))),
				  .next_proto_id = protocol};
	memcpy(&ip.src_addr, (from_us ? own_v4 : peer_v4) + 12, 4);
	memcpy(&ip.dst_addr, (from_us ? peer_v4 : own_v4) + 12, 4);
	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(at, &ip, sizeof(ip));
	return at + sizeof(ip);
}

static void finish_checksum(char *icmp, uint32_t length, bool v6)
{
	memset(icmp + 2, 0, 2);
	uint16_t sum = v6 ? checksum_icmpv6(peer_v6, own_v6, icmp, length) : checksum_icmpv4(icmp, length);
	uint16_t checksum = (uint16_t)~sum;
	memcpy(icmp + 2, &checksum, 2);
}

/* `bytes` begin with the ICMP header. */
static uint32_t write_frame(char *frame, struct span bytes, enum written written, bool v6)
{
	struct rte_ether_hdr ethernet = {.ether_type =
						 v6 ? RTE_BE16(RTE_ETHER_TYPE_IPV6) : RTE_BE16(RTE_ETHER_TYPE_IPV4)};
	struct rte_udp_hdr udp;
	struct span header = fuzz_input_take(&bytes, 8);
	uint32_t quoted = 0;

	if (written == WRITTEN_QUOTED_HEADERS)
		quoted = (uint32_t)((v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr)) + sizeof(udp));
	uint32_t length = header.length + quoted + bytes.length;
	memcpy(frame, &ethernet, sizeof(ethernet));
	char *icmp = write_ip(frame + sizeof(ethernet), v6, false, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, length);
	char *at = icmp;
	memcpy(at, header.at, header.length);
	at += header.length;
	if (written == WRITTEN_QUOTED_HEADERS) {
		uint16_t datagram = (uint16_t)(bytes.length + sizeof(udp));
		udp = (struct rte_udp_hdr){.src_port = RTE_BE16(SIP_PORT),
					   .dst_port = RTE_BE16(SIP_PORT),
					   .dgram_len = rte_cpu_to_be_16(datagram)};
		at = write_ip(at, v6, true, IPPROTO_UDP, datagram);
		memcpy(at, &udp, sizeof(udp));
		at += sizeof(udp);
	}
	if (bytes.length)
		memcpy(at, bytes.at, bytes.length);
	if (length >= 4)
		finish_checksum(icmp, length, v6);
	return (uint32_t)(icmp - frame) + length;
}

/* What was taken stands in the frame, letter by letter. */
static void check_quoted(const struct quoted_request *quoted, struct span payload)
{
	char branch[BRANCH_NAME_TEXT_BYTES];

	branch_name_write(branch, &quoted->branch);
	must(memmem(payload.at, payload.length, branch, sizeof(branch)) != NULL);
	must(quoted->method < SIP_METHOD_COUNT);
	must(!span_starts_with(payload, SPAN_LITERAL("SIP/")));
}

static void check_taken(const struct packet *packet, struct span frame)
{
	struct quoted_request quoted;

	fuzz_input_must_hold(frame, packet->bytes);
	must(packet->local.port == SIP_PORT);
	/* The ports are right in front of the payload. */
	must(packet->bytes.at - frame.at >= 14 + 20 + 8 + 20 + 8);
	must(memcmp(packet->bytes.at - 8, OWN_PORT_BYTES, 2) == 0);
	if (quoted_request_read(&quoted, packet->bytes))
		check_quoted(&quoted, packet->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static char written_frame[FRAME_BYTES_MAX];
	struct span input = fuzz_input_span(bytes, length);
	uint8_t mode = fuzz_input_byte(&input);
	enum written written = (enum written)(mode / 2 % WRITTEN_COUNT);

	input = fuzz_input_take(&input, FRAME_BYTES_MAX - 256);
	if (written != WRITTEN_NOTHING)
		input = span_make(written_frame, write_frame(written_frame, input, written, mode % 2));
	struct span frame = fuzz_input_copy(input);
	struct rte_mbuf mbuf = {.buf_addr = (void *)(uintptr_t)frame.at,
				.nb_segs = 1,
				.data_len = (uint16_t)frame.length,
				.pkt_len = frame.length};
	struct packet packet = {.mbuf = &mbuf};

	if (frame_read_ip(&packet, 0) == REASON_NONE && packet.is_unreachable) {
		must(!packet.fragment.present);
		fuzz_input_must_hold(frame, packet.bytes);
		if (unreachable_read(&packet, SIP_PORT) == REASON_NONE)
			check_taken(&packet, frame);
	} else {
		/* Nothing that was written whole is anything else than ICMP. */
		must(written == WRITTEN_NOTHING || !packet.fragment.present);
	}
	fuzz_input_free(frame);
	return 0;
}
