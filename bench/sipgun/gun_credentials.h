/*
 * gun_credentials.h - the Authorization line of a request: from a challenge, or from the nonce that a user still has.
 */
#ifndef AMITY_GUN_CREDENTIALS_H
#define AMITY_GUN_CREDENTIALS_H

#include "gun.h"

#define GUN_CREDENTIALS_BYTES_MAX 1024

/*
 * Answers the first challenge of a 401 or 407 that sipgun knows, for the call's INVITE or REGISTER; and keeps its nonce
 * for the user where nonces are kept. Result: the header line, in `room`; length 0: there is none that it can answer.
 */
struct span gun_credentials_answer(char room[GUN_CREDENTIALS_BYTES_MAX], struct gun *gun, const struct gun_call *call,
				   const struct gun_message *challenged);

/* The same with the user's kept nonce. Result: length 0 when there is none. */
struct span gun_credentials_reuse(char room[GUN_CREDENTIALS_BYTES_MAX], struct gun *gun, const struct gun_call *call,
				  bool is_register);

#endif
