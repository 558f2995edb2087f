/*
 * packet.h - one packet on its walk: the mbuf and what the stages have found out. Lives for one burst, in the lcore's
 * own array.
 */
#ifndef AMITY_PACKET_H
#define AMITY_PACKET_H

#include "call.h"
#include "caller_identify.h"
#include "location.h"
#include "quoted_request_read.h"
#include "reason.h"
#include "route_cookie.h"
#include "route_decide.h"
#include "sip_message.h"
#include "transaction_table.h"
#include "uri_parse.h"
#include "verdict.h"
#include "wire.h"

struct rte_mbuf;

enum packet_kind {
	PACKET_RESPONSE,
	PACKET_INITIAL,	  /* creates a dialog or stands alone: authenticated and routed */
	PACKET_HOP,	  /* CANCEL, ACK of a non-2xx: meant for the transaction of their INVITE */
	PACKET_IN_DIALOG, /* carries our Record-Route cookie */
};

/* What a fragment says of its datagram; packet->bytes is the part that it carries. */
struct packet_fragment {
	bool present; /* false: a whole datagram */
	bool more;
	uint8_t next_header;  /* of the datagram's first bytes */
	uint8_t header_bytes; /* IPv4: what the header takes of the 65,535 bytes of a packet */
	uint16_t offset;
	uint32_t id;
};

/*
 * A packet that is_unreachable is no message but an ICMP error: a request that we sent did not arrive. `bytes` are the
 * beginning of that request, as far as it is quoted; `source` is where it was going, `local` where it came from.
 */
struct packet {
	struct rte_mbuf *mbuf;	   /* as received; owned by the packet until its end */
	struct rte_mbuf *out;	   /* what goes out: a new message without headers below SIP; NULL: nothing yet */
	struct rte_mbuf *reserved; /* for `out`, or an answer, on its way to the cache (send.h); NULL: none */
	struct span bytes;	   /* the SIP datagram inside mbuf */
	struct net_address source;
	struct net_address local; /* our address and port that it came to */
	uint16_t interface;	  /* index of snapshot->wire->interface */
	uint8_t verdict;	  /* enum verdict; written once, by packet_end() */
	uint8_t kind;		  /* enum packet_kind, by screen */
	uint16_t reason;	  /* enum reason */
	bool steered_in;
	bool is_unreachable;
	uint16_t punt_kind;		 /* enum punt_kind, with VERDICT_PUNT */
	struct packet_fragment fragment; /* by receive, for reassemble */
	struct quoted_request quoted;	 /* by receive, with is_unreachable */

	struct transaction *transaction; /* by transact, of responses, ACKs, ICMP errors; by fork, of requests; NULL:
					    none; of a packet that has ended it may be gone */
	struct branch *branch;		 /* likewise; of ACKs and ICMP errors NULL */
	uint64_t call;			 /* by route, fork: handle of the call (call_track.h); 0: none */
	uint64_t call_id_hash;		 /* by screen (packet_name.h); 0: it has not come to it */
	uint8_t step_count;
	bool via_stays;			    /* by fork, answer: no via_stamp.h is needed; false: that is not known */
	const struct binding_set *bindings; /* of the target; NULL: direct, carrier */
	const struct binding *binding;	    /* the one of them that this message goes to; NULL likewise */
	const struct net_entry *entry;	    /* by route: where `destination` once came in; NULL: it did not */

	/* What is above is cleared for each packet; what follows is as its stage has filled it. */
	struct sip_uri request_uri;	    /* by screen, of requests */
	struct span cookie;		    /* by screen: text of our cookie in the topmost Route; length 0: none */
	uint8_t key[TRANSACTION_KEY_BYTES]; /* by screen, of requests: names the server transaction */
	uint64_t merge_key, loop_key;	    /* by fork, of PACKET_INITIAL */
	struct branch_name branch_name; /* of requests: what our Via will say; of responses, by parse: what it says */
	bool has_branch_name;		/* by parse, of responses: false: it says something else */
	struct span sender_from, sender_to; /* addresses as the sender of the request wrote them (R24) */
	struct caller_facts facts;	    /* by authenticate, of PACKET_INITIAL */
	struct caller caller;		    /* by authenticate */
	struct span digest_user;      /* by authenticate: user name of the credentials for our realm; length 0: none */
	struct route_request request; /* by route, of PACKET_INITIAL */
	struct route_decision decision;
	uint8_t step[TRANSACTION_STEPS_MAX]; /* by route: failures that led from the first target to this one */
	struct dialog_cookie dialog;	     /* by route, of PACKET_IN_DIALOG, opened */
	bool from_caller;		     /* by route, of PACKET_IN_DIALOG: sent by the side that sent the INVITE */
	struct net_address destination;	     /* of `out` */
	struct net_entry binding_entry;	     /* of requests that go to `binding`: likewise */
	struct wire_hop hop;		     /* of `out` */
	uint8_t hop_result;		     /* enum wire_result: WIRE_OK or WIRE_NEIGHBOUR_UNKNOWN */

	struct sip_message message; /* by parse */
};

/* The transaction's name as a number: for what is not its table. Never sent: packet_name_shown() is. */
static inline uint64_t packet_name(const struct packet *packet)
{
	uint64_t name;

	memcpy(&name, packet->key, sizeof(name));
	return name;
}

/* The end of a packet's walk. The first one wins: a stage skips packets that have ended. */
static inline void packet_end(struct packet *packet, enum verdict verdict, enum reason reason)
{
	packet->verdict = (uint8_t)verdict;
	packet->reason = (uint16_t)reason;
}

/*
 * Refuses a request: answered with the reason's status when it has one and the request may be answered, else dropped.
 * An ACK is never answered (RFC 3261 17.1.1.3), a response neither.
 */
static inline void packet_refuse(struct packet *packet, enum reason reason)
{
	const struct sip_message *message = &packet->message;
	bool answerable = message->is_request && message->method != SIP_METHOD_ACK && message->via_host.length > 0;
	packet_end(packet, answerable && reason_rows[reason].status ? VERDICT_ANSWER : VERDICT_DROP, reason);
}

#endif
