/*
 * router_network.h - the part of the router that follows the kernel's network: addresses, routes, neighbours and links
 * as the lcores see them, and what the kernel sends and receives for them.
 *
 * Thread: control.
 */
#ifndef AMITY_ROUTER_NETWORK_H
#define AMITY_ROUTER_NETWORK_H

#include "punt.h"
#include "router.h"
#include "span.h"

/* As the parts of router_parts.h. */
enum status router_network_start(struct router *router, struct problem_list *problems);
void router_network_stop(struct router *router);

/* A message whose next hop no lcore knows, for punt_handlers. `argument`: struct router *. */
void router_network_send(void *argument, const struct punt *punt, struct span payload);

#endif
