/*
 * datagram_table.h - IP datagrams of which fragments are still missing (RFC 791 3.2, RFC 8200 4.5), per lcore.
 *
 * Each fragment is copied to its place in the datagram's buffer at once, so a fragment holds no packet buffer, and what
 * the fragments of an attacker can hold is DATAGRAM_TABLE_SLOTS buffers. A new datagram that finds no free slot takes
 * that of the oldest: fragments of one datagram come within milliseconds, so floods push out floods.
 *
 *   buffer  [........|........|....    ....|......]     have: one bit per 8 bytes
 *            offset 0                       more = 0: end is known
 *
 * librte_ip_frag joins eight fragments at most (RTE_LIBRTE_IP_FRAG_MAX_FRAG of the distribution); 64 KB need 45.
 */
#ifndef AMITY_DATAGRAM_TABLE_H
#define AMITY_DATAGRAM_TABLE_H

#include "span.h"

/* 4 MiB of buffers an lcore: 64 KB messages are rare, and the oldest gives way. */
#define DATAGRAM_TABLE_SLOTS 64

/* What IP can carry behind its header. */
#define DATAGRAM_BYTES_MAX 65535

/* 64 KB over the least MTU that IPv4 hosts must take (576) are 119 fragments; twice that when cut again on the way. */
#define DATAGRAM_FRAGMENTS_MAX 256

/*
 * RFC 791 and 8200 allow up to a minute. Fragments are sent back to back, and SIP sends the whole message again after
 * half a second (T1): what is not here after two seconds does not come. Short, so that an id is not met again (RFC
 * 4963).
 */
#define DATAGRAM_TIMEOUT_MS 2000

/* Which datagram a fragment belongs to. Compared as bytes: clear it before filling. */
struct datagram_key {
	uint8_t source[16];
	uint8_t destination[16];
	uint32_t id;
	uint32_t protocol; /* IPv4; 0 with IPv6, where the id alone tells */
};
_Static_assert(sizeof(struct datagram_key) == 40, "no padding: compared as bytes");

struct datagram_fragment {
	struct span bytes;
	uint32_t offset;     /* a multiple of 8 */
	bool more;	     /* others come behind it */
	uint8_t next_header; /* of the datagram's first bytes; that of the fragment with offset 0 counts */
};

struct datagram {
	void *buffer; /* of the caller; stays with the slot until the caller takes it away */
	char *bytes;  /* in it: room for DATAGRAM_BYTES_MAX */
	uint32_t received_bytes;
	uint32_t highest; /* end of the fragment that reaches farthest */
	uint32_t end;	  /* 0: the last fragment has not come yet */
	uint16_t fragment_count;
	uint8_t next_header;
	bool spoiled; /* fragments contradicted each other: none of them is taken any more (RFC 5722) */
	uint64_t have[(DATAGRAM_BYTES_MAX / 8 + 63) / 64];
};

struct datagram_table {
	uint64_t timeout_tsc;			       /* by setup */
	uint64_t next_deadline_tsc;		       /* none passes before; 0: nothing waits */
	uint64_t deadline_tsc[DATAGRAM_TABLE_SLOTS];   /* 0: free */
	struct datagram_key key[DATAGRAM_TABLE_SLOTS]; /* side by side: every fragment is compared with all */
	struct datagram slot[DATAGRAM_TABLE_SLOTS];
};

enum datagram_result {
	DATAGRAM_HELD,	    /* copied; others are missing */
	DATAGRAM_COMPLETE,  /* bytes[0 .. end) is the datagram */
	DATAGRAM_DUPLICATE, /* the same bytes again */
	DATAGRAM_CONFLICT,  /* overlaps others, or two ends: the datagram is spoiled */
	DATAGRAM_TOO_MANY,  /* fragments of one datagram: it is spoiled */
};

/*
 * The datagram of `key`, new when it is not there; its `buffer` is NULL when the caller has to give it one.
 *
 * Thread: the lcore that owns the table.   Result: *gave_way: another datagram lost its slot for it.
 * Cost: a scan of the slots.
 */
struct datagram *datagram_table_open(struct datagram_table *table, const struct datagram_key *key, uint64_t now_tsc,
				     bool *gave_way);

/* Frees the slot. What is in `buffer` stays there for the next. */
void datagram_table_close(struct datagram_table *table, struct datagram *datagram);

/* Frees what has waited too long. Result: how many datagrams. Cost: one compare when none has. */
uint32_t datagram_table_expire(struct datagram_table *table, uint64_t now_tsc);

/* May a fragment be like that (RFC 791, RFC 8200 4.5)? `bytes_max`: what the datagram can have. */
bool datagram_table_is_sound(const struct datagram_fragment *fragment, uint32_t bytes_max);

/* Copies a sound fragment to its place. */
enum datagram_result datagram_table_add(struct datagram *datagram, const struct datagram_fragment *fragment);

#endif
