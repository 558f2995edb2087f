/*
 * caller_identify.h - who sends an initial request (R1), before any credentials are looked at.
 */
#ifndef AMITY_CALLER_IDENTIFY_H
#define AMITY_CALLER_IDENTIFY_H

#include "directory.h"
#include "reason.h"

/* What the message and the wire say. Hosts as in the URI, IPv6 references with brackets. */
struct caller_facts {
	struct net_address source;
	struct span from_host, from_user;
	struct span request_host;
	bool from_host_is_own; /* an address of the router itself */
	bool request_host_is_own;
};

struct caller {
	const struct carrier *carrier;	 /* R1.1; then company and endpoint are NULL */
	const struct company *company;	 /* R1.2 */
	const struct endpoint *endpoint; /* R1.3 trusted by source; NULL: the digest user name will tell (R1.4) */
};

/*
 * Applies R1.1 to R1.3, the Request-URI host check at the end of R1 and the company's `sources` (R2).
 *
 * Thread: any.   Result: REASON_NONE and *caller, else NO_COMPANY, TWO_COMPANIES, DOMAIN_NEEDED, FOREIGN_DOMAIN,
 * SOURCE_NOT_ALLOWED. *caller is filled as far as known in any case.
 */
enum reason caller_identify(struct caller *caller, const struct directory *directory, const struct caller_facts *facts);

/* The same for who has looked up the company of From already; `by_from` is NULL when there is none. */
enum reason caller_identify_by_from(struct caller *caller, const struct directory *directory,
				    const struct caller_facts *facts, const struct company *by_from);

/* Where the directory names it: its pointer is a cache line of its own. Result: NULL: there is none. */
const struct company *const *company_find_place(const struct directory *directory, struct span domain);
const struct company *company_find_by_domain(const struct directory *directory, struct span domain);
const struct endpoint *endpoint_find(const struct company *company, struct span name);

#endif
