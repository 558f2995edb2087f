/*
 * registrar_rig.h - a registrar with what surrounds it, without lcores: rings and a pool of DPDK, a directory of a few
 * endpoints, a clock that the test sets, a state directory of its own.
 */
#ifndef AMITY_REGISTRAR_RIG_H
#define AMITY_REGISTRAR_RIG_H

#include "dataplane.h"
#include "location_table.h"
#include "registrar.h"
#include "reinject.h"

#define RIG_DOMAIN	 "acme.example.net"
#define RIG_BINDINGS_MAX 64

/* Starts DPDK without hugepages or devices, once per process. Result: false when it will not. */
bool registrar_rig_start_eal(void);

/* Rings, pool and QSBR of one worker, which is offline unless the test brings it online. */
struct dataplane *registrar_rig_dataplane(void);

struct registrar_rig {
	struct dataplane *dataplane;
	struct reinject *reinject;
	struct location_table *location;
	struct registrar *registrar;
	struct event_base *base; /* the caller's, for the next one that is opened; NULL: no timers */
	char state_dir[64];
	char problem[1024];
	char answer[65536]; /* of registrar_rig_receive() */
	struct punt answer_punt;
};

extern int64_t registrar_rig_now_s;   /* the registrar's clock */
extern bool registrar_rig_pbx_exists; /* is endpoint "pbx" in the directory? "alice", "watson", "user", "null-%00-null"
					 always are; "single" is without multi_contact */

void registrar_rig_key(uint8_t key[AOR_KEY_BYTES], const char *aor);

/* A fresh state directory, a registrar in it. */
void registrar_rig_open(struct registrar_rig *rig);

/* Closes the registrar and starts another one on the same state directory, with an empty location table. */
void registrar_rig_restart(struct registrar_rig *rig);

/* Opens a registrar on the present state directory. Result: of open, else of restore. */
enum status registrar_rig_try_open(struct registrar_rig *rig);

void registrar_rig_close(struct registrar_rig *rig);	    /* keeps the state directory */
void registrar_rig_remove_state(struct registrar_rig *rig); /* deletes it */

/* "192.0.2.1:5060" or "[2001:db8::1]:5060" */
struct net_address registrar_rig_address(const char *text);

/* A REGISTER of endpoint `name` from `source`, as an lcore punts it. Does not flush. */
void registrar_rig_take(struct registrar_rig *rig, const char *name, const char *source, struct span message);

/* Next message for the lcores, NUL-terminated in rig->answer. Result: length 0 when there is none. */
struct span registrar_rig_receive(struct registrar_rig *rig);

/* Takes, flushes and receives. Result: status code of the answer, 0 without one. */
int registrar_rig_register(struct registrar_rig *rig, const char *name, const char *source, const char *message);

/* The present bindings of `name` as lcores see them, NULL: none. */
const struct binding_set *registrar_rig_find(const struct registrar_rig *rig, const char *name);

#endif
