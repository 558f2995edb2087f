/*
 * friend_view.h - one friend as `friends show` and `friends recipe` look at it: what was provisioned, what the lcores
 * have made of it, and the addresses of the router that matter to its PBX.
 */
#ifndef AMITY_FRIEND_VIEW_H
#define AMITY_FRIEND_VIEW_H

#include <stdbool.h>

#include "company.h"
#include "model.h"
#include "registrar.h"
#include "snapshot.h"

struct router;
struct rpc_call;

/* Valid until the next change of provisioning is published: not over a return to the event loop. */
struct friend_view {
	const struct router *router;
	const struct snapshot *snapshot;
	const struct model_company *company;
	const struct model_friend *friend;
	const struct company *live;	 /* the same company, as the lcores have it */
	const struct endpoint *endpoint; /* the friend */
};

/*
 * The friend `name` of --company, or of the one company that has it. Result: false after the call was refused: no such
 * company or friend, or several companies have one of that name. Thread: control, as all below.
 */
bool friend_view_open(struct friend_view *view, struct rpc_call *call, const struct router *router, const char *name);

/* All its bindings, as registrar_list_of(). */
void friend_view_list_bindings(const struct friend_view *view,
			       bool (*visit)(void *argument, const struct registrar_listed *listed), void *argument);

/* Where the router is, for the PBX. */
struct friend_view_addresses {
	struct net_address best; /* by which the friend is or will be reached */
	bool is_known; /* that is certain: it is registered there, or the route to `direct` leaves from there */
	struct net_address *other; /* all but the best one */
	uint32_t other_count;
};

#define FRIEND_VIEW_ADDRESSES_MAX (WIRE_INTERFACES_MAX * WIRE_ADDRESSES_MAX)

/*
 * Owner: `room`, of FRIEND_VIEW_ADDRESSES_MAX elements, is the caller's and holds `other`. Result: false: the router
 * has no address at all.
 */
bool friend_view_find_addresses(const struct friend_view *view, struct friend_view_addresses *addresses,
				struct net_address *room);

/* "udp:192.0.2.10:5061" -> "192.0.2.10:5061". Result: length 0 when it registers. */
struct span friend_view_direct(const struct friend_view *view);

#endif
