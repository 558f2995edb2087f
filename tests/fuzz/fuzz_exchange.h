/*
 * fuzz_exchange.h - what was said so far in an input of fuzz_burst: the requests that peers sent, and those that the
 * router sent; and messages that fit them, made of a few words of the input: responses, retransmissions, CANCELs, ACKs,
 * requests in the dialog. An input alone cannot hold them: branches and cookies are known only once they were sent.
 */
#ifndef AMITY_TESTS_FUZZ_EXCHANGE_H
#define AMITY_TESTS_FUZZ_EXCHANGE_H

#include "span.h"

#define FUZZ_EXCHANGE_BYTES_MAX 16384
#define FUZZ_EXCHANGE_VARIANTS	6

/* At the start of an input. */
void fuzz_exchange_forget(void);

/* A request that a peer sends, one that the router sent. What does not parse is passed over. */
void fuzz_exchange_note_received(struct span request);
void fuzz_exchange_note_sent(struct span request);

/*
 * A response to a request of the router. `words`: "180 Ringing", and then header lines and body as they are.
 * `variant`: 0 to 3: how many requests back; 4: the last one, its branch changed; 5: the first one.
 * Result: in `out`; length 0: there is no such request.
 */
struct span fuzz_exchange_respond(char out[FUZZ_EXCHANGE_BYTES_MAX], uint32_t variant, struct span words);

/*
 * A request by a peer that was there before. `words`: empty for the same again, else a method, "CANCEL", and then
 * header lines and body as they are. `variant`: 0 to 2: of the same transaction as the request so many back; 3: in the
 * dialog of the last one, by the caller; 4: by the callee; 5: the same transaction as the first one's.
 */
struct span fuzz_exchange_ask(char out[FUZZ_EXCHANGE_BYTES_MAX], uint32_t variant, struct span words);

#endif
