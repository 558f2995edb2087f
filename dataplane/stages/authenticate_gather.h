/*
 * authenticate_gather.h - everything about the logins of a burst that can be said in any order: who sends, with which
 * credentials, whether their digest is right and whether they are banned. What is left for the verdicts, in the order
 * of the packets: nonces, their counts, reports.
 */
#ifndef AMITY_AUTHENTICATE_GATHER_H
#define AMITY_AUTHENTICATE_GATHER_H

#include "worker.h"

/* Fills worker->logins from the packets of the burst. Thread: lcore. */
void authenticate_gather_burst(struct worker *worker);

/*
 * Takes the credentials of header `from` or of the next one of its name that has some for our realm; a header that has
 * none is passed over. Thread: lcore.   Result: false when there are none.
 */
bool authenticate_gather_credentials(struct authenticate_login *login, uint8_t from);

/* Looks up and verifies credentials at once, one alone. Thread: lcore. */
void authenticate_gather_alone(struct worker *worker, struct authenticate_login *login);

#endif
