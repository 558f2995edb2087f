/*
 * route_decide.h - where a call goes first (R3-R12, R13-R17, R33, R37, R27 always) and what the called side is shown
 * (R19, R21-R23, R26).
 *
 * The one implementation of the rules: the route stage of the lcores and `amityctl explain` call the same functions on
 * the same tables. route_decide() decides; route_present() then writes request line, From, To and identity. Both are
 * pure; a trace, when given, collects every step with what matched and what did not and why.
 */
#ifndef AMITY_ROUTE_DECIDE_H
#define AMITY_ROUTE_DECIDE_H

#include "directory.h"
#include "reason.h"

/* Texts of the message that the rules look at; still as received. */
struct route_request {
	const struct directory *directory;
	struct match_scratch *scratch;
	const struct company *company; /* the caller's; NULL when a carrier calls */
	const struct endpoint *caller; /* NULL when a carrier calls */
	const struct carrier *carrier; /* the calling carrier, else NULL */
	struct span number;	       /* user part of the Request-URI, still encoded */
	struct span identity_user; /* user of P-Asserted-Identity, else P-Preferred-Identity (not of a carrier), else
				      Remote-Party-ID; length 0: none */
	struct span from_user;
	struct span from_display;   /* with quotes if quoted */
	struct span diversion_user; /* user of the first Diversion; length 0: none */
	bool anonymous;		    /* Privacy other than none, or From anonymous (R23) */
	uint8_t max_forwards;	    /* as received: each forward takes one of it (R11); 0: not looked at */
};

enum route_outcome {
	ROUTE_OUTCOME_REJECT,
	ROUTE_OUTCOME_FRIEND,
	ROUTE_OUTCOME_USER,
	ROUTE_OUTCOME_EXTERNAL,
};

#define ROUTE_RULE_BYTES_MAX 8
#define ROUTE_FORWARDS_MAX   5 /* of one call (R27) */

/* A forward that the call took: who sent it on, and why. */
struct route_diversion {
	const struct company *company; /* of the friend */
	const struct endpoint *friend;
	struct number number; /* that the friend was reached by; length 0: its name stands for it */
	uint8_t when;	      /* enum forward_when */
};

struct route_decision {
	uint8_t outcome;		 /* enum route_outcome */
	uint16_t reason;		 /* enum reason: REASON_NONE when routed, else why rejected */
	char rule[ROUTE_RULE_BYTES_MAX]; /* "R4.2": the rule that decided, NUL-terminated */
	const struct company *company;	 /* of the target; of the caller when external */
	const struct endpoint *target;	 /* friend or user */
	const struct carrier *carrier;	 /* external: where it goes */
	const struct span *pattern;	 /* of the friend or carrier that took it, as provisioned; NULL: none */
	struct number dialled;		 /* N0 */
	struct number e164;		 /* E, when it was computed; length 0: not */
	struct number matched;		 /* C of R21: the number that the friend's pattern matched, or the extension */
	struct number caller_number;	 /* K of R22, in E.164 or internal; length 0: none */
	struct number
		presented; /* external and R17: the number presented (E.164); length 0: an emergency call without DDI */
	const struct call_acl *acl; /* CALL_ACL_DENIED: the ACL that refused, named in the answer (R13) */
	const struct ddi *ddi;	    /* dialled DDI of a call from outside or of R17 */
	bool from_outside;	    /* the call entered through a DDI */
	bool emergency;		    /* R37 */
	bool keep_diversion;	    /* R14.2, R23 */

	uint8_t carrier_address;  /* external: index of carrier->address */
	bool carrier_by_dialled;  /* R37: the carrier took the number as dialled, not E */
	uint32_t carrier_pattern; /* external: id in the carriers' pattern set */
	uint16_t ring_s; /* friend: after so long without an answer it is ROUTE_FAILURE_NO_ANSWER; 0: never (R27) */
	uint8_t forward_count; /* forwards up to here; each takes one of Max-Forwards (R11) */
	struct route_diversion diversion[ROUTE_FORWARDS_MAX]; /* [forward_count], oldest first; the rest is not written
							       */
};

#define ROUTE_STEPS_MAX	      96
#define ROUTE_STEP_TEXT_BYTES 160

/* For explain; NULL on lcores. */
struct route_step {
	char rule[ROUTE_RULE_BYTES_MAX];
	bool matched;
	char text[ROUTE_STEP_TEXT_BYTES]; /* plain words, NUL-terminated: "pattern ^2[0-9]{3}$ of friend hq-pbx
					     (priority 10) matches 2001" */
};

struct route_trace {
	uint32_t count;
	bool truncated;
	struct route_step step[ROUTE_STEPS_MAX];
};

/* Thread: the owner of request->scratch. Cost: at most three scans, no allocation. */
void route_decide(struct route_decision *decision, const struct route_request *request, struct route_trace *trace);

/*
 * The two halves of it, for a burst: to whom the number belongs, which the target's row need not be read for, and then
 * what that row says (R27 always).
 */
void route_decide_number(struct route_decision *decision, const struct route_request *request,
			 struct route_trace *trace);
void route_decide_forwards(struct route_decision *decision, const struct route_request *request,
			   struct route_trace *trace);

#define ROUTE_PRESENTATION_TEXT_BYTES 3072 /* a third, and five Diversions in long domains */

/* What the message will say. Spans lead into tables, the request, or `text`. */
struct route_presentation {
	bool use_contact;	  /* R21: ddi_in false, and users: Request-URI is the binding's contact, untouched */
	struct span request_user; /* else the contact with this user, or sip:request_user@request_host */
	struct span request_host; /* length 0: the next hop's address is written */
	struct span from_display; /* with quotes; length 0: none */
	struct span from_user, from_host; /* from_host length 0: the router's own address towards the next hop */
	struct span to_user, to_host;	  /* to_host length 0: the next hop's address is written (carriers) */
	struct span identity_user; /* P-Asserted-Identity: identity_user@identity_host; length 0: none is sent (R23) */
	struct span identity_host; /* from_host's rule; differs from it only in anonymous calls to carriers (R16) */
	bool anonymous;		   /* R23 */
	bool keep_diversion;	   /* those that were received */
	struct span diversion;	   /* header lines of the forwards, newest first, to stand above those (R27) */
	bool strip_private;	   /* towards carriers: X- and P-Charge-Info headers do not leave (R16) */
	bool has_next_hop;	   /* next_hop is set; else the target's bindings tell (R19) */
	struct net_address next_hop;
	uint32_t text_length;
	char text[ROUTE_PRESENTATION_TEXT_BYTES];
};

/* For decisions that are not REJECT. Thread: any. Result: false when a text does not fit (TOO_LARGE). */
bool route_present(struct route_presentation *presentation, const struct route_request *request,
		   const struct route_decision *decision);

/*
 * R23: how the called side dials the number that a Diversion which is kept names with this user part.
 *
 * Thread: the owner of request->scratch.   Result: false: it stays as it came (internal, or no number).
 */
bool route_present_diverted(struct number *shown, const struct route_request *request,
			    const struct route_decision *decision, struct span user);

/*
 * R25: the codecs that both sides of a routed call allow: the caller's or calling carrier's, and the target's; all in
 * an emergency call (R37). Thread: any.
 */
uint64_t route_codecs(const struct route_request *request, const struct route_decision *decision);

#endif
