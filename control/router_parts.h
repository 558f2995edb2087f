/*
 * router_parts.h - how each part of the router starts and stops; the order is router.c's.
 *
 * A start that fails has told why and left nothing behind; a stop follows a successful start.
 */
#ifndef AMITY_ROUTER_PARTS_H
#define AMITY_ROUTER_PARTS_H

#include "router.h"

/* Adds what a part said of its failure, or the status' own words. Result: `status`. */
enum status router_parts_fail(struct problem_list *problems, enum status status, const char *part, const char *error);

enum status router_parts_start_state(struct router *router, struct problem_list *problems);
void router_parts_stop_state(struct router *router);

enum status router_parts_start_loop(struct router *router, struct problem_list *problems);
void router_parts_stop_loop(struct router *router);

enum status router_parts_start_dataplane(struct router *router, struct problem_list *problems);
void router_parts_stop_dataplane(struct router *router);

enum status router_parts_start_publisher(struct router *router, struct problem_list *problems);
void router_parts_stop_publisher(struct router *router);

enum status router_parts_start_provision(struct router *router, struct problem_list *problems);
void router_parts_stop_provision(struct router *router);

enum status router_parts_start_tables(struct router *router, struct problem_list *problems);
void router_parts_stop_tables(struct router *router);

enum status router_parts_start_registrar(struct router *router, struct problem_list *problems);
void router_parts_stop_registrar(struct router *router);

enum status router_parts_start_lcores(struct router *router, struct problem_list *problems);
void router_parts_stop_lcores(struct router *router);

enum status router_parts_start_punts(struct router *router, struct problem_list *problems);
void router_parts_stop_punts(struct router *router);

enum status router_parts_start_rpc(struct router *router, struct problem_list *problems);
void router_parts_stop_rpc(struct router *router);

enum status router_parts_start_signals(struct router *router, struct problem_list *problems);
void router_parts_stop_signals(struct router *router);

#endif
