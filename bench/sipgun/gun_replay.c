#include "gun_replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_HEADER_BYTES   24
#define RECORD_HEADER_BYTES 16
#define LINK_ETHERNET	    1
#define LINK_RAW_IP	    101

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS  0xa1b23c4du
#define MAGIC_PCAPNG	   0x0a0d0d0au

struct reading {
	struct span rest;
	bool is_swapped;
	uint32_t link;
};

static uint32_t read_32(const struct reading *reading, const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return reading->is_swapped ? __builtin_bswap32(value) : value;
}

static bool read_file_header(struct reading *reading, const char *name, char *error)
{
	uint32_t magic = reading->rest.length >= FILE_HEADER_BYTES ? read_32(reading, reading->rest.at) : 0;

	reading->is_swapped =
		__builtin_bswap32(magic) == MAGIC_MICROSECONDS || __builtin_bswap32(magic) == MAGIC_NANOSECONDS;
	if (!reading->is_swapped && magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS) {
		snprintf(error, GUN_REPLAY_ERROR_BYTES, "--pcap %s: it is no pcap file%s", name,
			 magic == MAGIC_PCAPNG ? " but a pcapng\n  tcpdump -r FILE -w OTHER makes one of it" : "");
		return false;
	}
	reading->link = read_32(reading, reading->rest.at + 20) & 0xffff;
	if (reading->link != LINK_ETHERNET && reading->link != LINK_RAW_IP) {
		snprintf(error, GUN_REPLAY_ERROR_BYTES,
			 "--pcap %s: link type %u; sipgun reads Ethernet (1) and raw IP (101)", name, reading->link);
		return false;
	}
	reading->rest = span_skip(reading->rest, FILE_HEADER_BYTES);
	return true;
}

/* Takes a record from the front. Result: false at the end, or where the file is cut. */
static bool take_record(struct span *packet, struct reading *reading)
{
	if (reading->rest.length < RECORD_HEADER_BYTES)
		return false;
	uint32_t kept = read_32(reading, reading->rest.at + 8);
	reading->rest = span_skip(reading->rest, RECORD_HEADER_BYTES);
	if (kept > reading->rest.length)
		return false;
	*packet = span_make(reading->rest.at, kept);
	reading->rest = span_skip(reading->rest, kept);
	return true;
}

static bool find_payload(struct span *payload, const struct reading *reading, struct span packet)
{
	struct gun_frame_received received;
	bool is_raw = reading->link == LINK_RAW_IP;

	enum gun_frame_kind kind = is_raw ? gun_frame_read_ip(&received, packet) : gun_frame_read(&received, packet);
	if (kind != GUN_FRAME_UDP || received.message.length == 0 || received.message.length > GUN_FRAME_MESSAGE_MAX)
		return false;
	*payload = received.message;
	return true;
}

bool gun_replay_read(struct gun_replay *replay, const char *name, struct span bytes, char error[GUN_REPLAY_ERROR_BYTES])
{
	struct reading reading = {.rest = bytes};
	struct span packet;

	*replay = (struct gun_replay){0};
	if (!read_file_header(&reading, name, error))
		return false;
	replay->payload = calloc(bytes.length / RECORD_HEADER_BYTES, sizeof(*replay->payload));
	if (replay->payload == NULL) {
		snprintf(error, GUN_REPLAY_ERROR_BYTES, "--pcap %s: no memory", name);
		return false;
	}
	while (take_record(&packet, &reading)) {
		if (find_payload(&replay->payload[replay->count], &reading, packet))
			replay->count++;
		else
			replay->left_out++;
	}
	if (replay->count > 0)
		return true;
	snprintf(error, GUN_REPLAY_ERROR_BYTES, "--pcap %s: none of its %u packets is a whole UDP datagram over IPv4",
		 name, replay->left_out);
	gun_replay_free(replay);
	return false;
}

bool gun_replay_load(struct gun_replay *replay, const char *path, char error[GUN_REPLAY_ERROR_BYTES])
{
	FILE *file = fopen(path, "re");
	char *bytes = NULL;
	long length = -1;
	bool is_read = false;

	*replay = (struct gun_replay){0};
	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		length = ftell(file);
	if (length >= 0 && length < INT32_MAX && fseek(file, 0, SEEK_SET) == 0)
		bytes = malloc((size_t)length + 1);
	if (bytes != NULL)
		is_read = fread(bytes, 1, (size_t)length, file) == (size_t)length;
	if (!is_read)
		snprintf(error, GUN_REPLAY_ERROR_BYTES, "--pcap %s: it cannot be read: %s", path, strerror(errno));
	if (file != NULL)
		fclose(file);
	if (is_read && gun_replay_read(replay, path, span_make(bytes, (size_t)length), error)) {
		replay->file = bytes;
		return true;
	}
	free(bytes);
	return false;
}

void gun_replay_free(struct gun_replay *replay)
{
	free(replay->payload);
	free(replay->file);
	*replay = (struct gun_replay){0};
}

void gun_replay_send(const struct gun_replay *replay, struct gun *gun, uint64_t index)
{
	struct span payload = replay->payload[index % replay->count];
	struct rte_mbuf *packet = gun_wire_take(&gun->wire);

	if (packet == NULL)
		return;
	memcpy(gun_wire_room(packet), payload.at, payload.length);
	if (gun_wire_finish(&gun->wire, packet, &gun->frame[GUN_CALLER], payload.length))
		gun_wire_send(&gun->wire, GUN_CALLER, packet);
}
