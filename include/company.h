/*
 * company.h - a company as the lcores see it: one immutable block, made by control/build/company_build.c, replaced as a
 * whole.
 *
 *   company -> endpoint[]      users and friends; endpoint_by_name
 *           -> extension[]     extension_by_number
 *           -> ddi[]           ddi_by_number (E.164)
 *           -> friends         pattern set, owner = index of endpoint
 *           -> endpoint[].forward[]
 *           -> acl[]           pattern set of rules each
 * All spans and pointers lead into the same block, to shared pattern sets, or to the static country table.
 */
#ifndef AMITY_COMPANY_H
#define AMITY_COMPANY_H

#include <stddef.h>

#include "codec.h"
#include "digest_secret.h"
#include "name_table.h"
#include "net_address.h"
#include "number.h"
#include "pattern_set.h"

#define AOR_KEY_BYTES 16

enum endpoint_kind {
	ENDPOINT_USER,
	ENDPOINT_FRIEND,
};

enum endpoint_auth {
	ENDPOINT_AUTH_DIGEST,
	ENDPOINT_AUTH_SOURCE, /* R1.3: direct friends whose source IP is trusted */
};

struct call_acl {
	struct span name;
	bool default_allow;
	struct pattern_set rules; /* owner: 1 = allow, 0 = deny */
};

enum route_target {
	ROUTE_NONE, /* reserved: 480 */
	ROUTE_USER,
	ROUTE_FRIEND,	 /* `number` is offered to the friends' patterns (R10) */
	ROUTE_EXTENSION, /* `number` is an extension */
	ROUTE_NUMBER,	 /* `number` is +E.164, external without ACL */
};

struct route {
	uint8_t target;	   /* enum route_target */
	uint32_t endpoint; /* ROUTE_USER: index of endpoint */
	struct span number;
};

enum forward_when {
	FORWARD_ALWAYS,	      /* the friend is not even tried */
	FORWARD_UNREGISTERED, /* R28: class unreachable */
	FORWARD_BUSY,
	FORWARD_NO_ANSWER,
};

enum forward_calls {
	FORWARD_CALLS_BOTH,
	FORWARD_CALLS_INTERNAL, /* from users and friends */
	FORWARD_CALLS_EXTERNAL, /* through a DDI */
};

/* Of one friend; spec/friends.md gives no number. */
#define FORWARDS_MAX 16

struct forward {
	uint8_t when;	  /* enum forward_when */
	uint8_t calls;	  /* enum forward_calls */
	uint16_t after_s; /* of NO_ANSWER: how long the friend rings */
	struct route to;  /* ROUTE_EXTENSION or ROUTE_NUMBER */
};

/*
 * Cache lines of its own, ordered by who looks: a caller's are the first, the third and the fourth, a target's the
 * first two, and the third when it registers.
 */
struct endpoint {
	/* The caller of any request, and the target of a call. */
	struct span name;
	struct dial_plan dial_plan; /* its own, else the company's, already resolved */
	const struct call_acl *acl; /* NULL: everything allowed */
	uint64_t codecs;	    /* R25: a set of codec.h */
	uint32_t max_cps;	    /* R18: friends, new calls per second from it; 0: no limit */
	uint16_t priority;
	uint8_t forward_count;
	uint8_t kind : 1, auth : 1; /* enum endpoint_kind, enum endpoint_auth */
	bool is_direct : 1;
	bool ddi_in : 1;	   /* R21 */
	bool always_transform : 1; /* R5 */
	bool multi_contact : 1;	   /* R20 */

	/* The target of a call. */
	struct net_address direct;     /* friends with is_direct */
	uint32_t max_calls;	       /* R18: towards it at the same time; 0: no limit */
	const struct forward *forward; /* friends, R27; in the order of provisioning */
	struct span from_domain;       /* R22; never empty: its own, else the company's domain */
	struct span from_user;	       /* R22; length 0: the caller's number */

	/* Either. */
	uint8_t aor_key[AOR_KEY_BYTES]; /* key of location and ban tables: endpoint_key_make(name, domain) */
	struct span ruri_domain;	/* direct friends; length 0: the direct address */
	struct span display;		/* users, R26 */
	struct span extension;		/* users: own number; length 0: none */

	/* The caller. Most have their name and their extension here: company_build.c. */
	char near_text[16];
	struct span presented_ddi; /* R14.3, R15 resolved: own, else the company's; length 0: none */
	struct digest_secret secret;
};
_Static_assert(sizeof(struct endpoint) == 5 * 64, "whole cache lines");
_Static_assert(offsetof(struct endpoint, direct) == 64 && offsetof(struct endpoint, aor_key) == 2 * 64 &&
		       offsetof(struct endpoint, near_text) == 3 * 64 &&
		       offsetof(struct endpoint, secret.ha1_sha256) == 4 * 64,
	       "as drawn");

struct extension {
	struct span number;
	struct route route;
};

struct ddi {
	struct span number; /* +E.164 */
	struct span display;
	struct route route;
};

/* Begins a cache line; what a call asks for is in the first two. */
struct company {
	struct span domain;
	const struct endpoint *endpoint;
	const struct extension *extension;
	struct name_table endpoint_by_name;
	struct name_table extension_by_number;

	struct pattern_set friends;
	uint32_t emergency_count, source_count;
	bool has_source_auth;	/* a friend with auth: source exists */
	bool has_near_patterns; /* all of the patterns that a call looks at is in COMPANY_NEAR_BYTES */
	uint32_t acl_count;

	uint64_t id; /* keyed hash of the name, stable over restarts; in cookies */
	struct span name;
	struct dial_plan dial_plan;
	uint32_t max_calls; /* R18: external calls in both directions together; 0: no limit */
	uint32_t endpoint_count;
	const struct net_prefix *source; /* R2; source_count 0: any */

	const struct ddi *ddi;
	const struct call_acl *acl;
	const struct span *emergency; /* R37, as dialled */
	struct span outgoing_ddi;     /* length 0: none */
	struct name_table ddi_by_number;
	uint32_t extension_count, ddi_count;
};
_Static_assert(offsetof(struct company, friends) == 64 && offsetof(struct company, id) == 2 * 64 &&
		       offsetof(struct company, ddi) == 3 * 64 && sizeof(struct company) == 4 * 64,
	       "lines as drawn");

/*
 * Behind a company lies what else initial requests look at: its name and domain, the plain patterns of its friends and
 * whose they are. Of twenty patterns that are a short row each it is all that there is.
 */
#define COMPANY_NEAR_BYTES 320

/* Asks for that, and for what calls within the company look at of the struct. Thread: any, as the next. */
static inline void company_prefetch(const struct company *company)
{
	prefetch_whole_lines(company, offsetof(struct company, ddi));
	prefetch_whole_lines(company + 1, COMPANY_NEAR_BYTES);
}

/* Asks for patterns that are further off. */
static inline void company_prefetch_patterns(const struct company *company)
{
	if (!company->has_near_patterns)
		pattern_set_prefetch(&company->friends);
}

/* SipHash-128 of name@domain: the key of location and ban tables. Domain folded to lower case. Thread: any. */
void endpoint_key_make(uint8_t key[AOR_KEY_BYTES], const uint8_t secret[16], struct span name, struct span domain);

#endif
