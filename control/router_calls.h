/*
 * router_calls.h - what the control thread has to do with calls: their records, questions to lcores about them, and
 * whether new ones are taken.
 */
#ifndef AMITY_ROUTER_CALLS_H
#define AMITY_ROUTER_CALLS_H

#include "router.h"

/* Before the lcores start; stopped after they ended, so that no record is left in a ring. */
enum status router_calls_start(struct router *router, struct problem_list *problems);
void router_calls_stop(struct router *router);

/* Could records be written to cdr.path? For `amityd --check`. Result: IO with a problem. Touches nothing. */
enum status router_calls_check(const struct config *config, struct problem_list *problems) AMITY_CHECKED;

/* Goes on with a new file of records. Result: NOT_FOUND: none are written; IO; with `error`. */
#define ROUTER_CALLS_ERROR_BYTES 512
enum status router_calls_rotate(struct router *router, char error[ROUTER_CALLS_ERROR_BYTES]) AMITY_CHECKED;

/* No new calls but emergency calls (R37), or all again. */
void router_calls_set_draining(struct router *router, bool draining);
bool router_calls_are_draining(const struct router *router);

#endif
