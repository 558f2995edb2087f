/*
 * registrar_load.h - the store's rows, oldest first, to the bindings that they left (R36).
 */
#ifndef AMITY_REGISTRAR_LOAD_H
#define AMITY_REGISTRAR_LOAD_H

#include "registrar_bindings.h"

/*
 * At start, with nothing in `bindings`: unexpired bindings of endpoints that exist; those of others are removed from
 * the store, and counted in dropped_at_load. Result: STATUS_LIMIT when they are more than bindings_max, STATUS_STORE
 * when they cannot be read.
 */
AMITY_CHECKED enum status registrar_load(struct registrar_bindings *bindings, int64_t now_unix_s);

#endif
