/*
 * refusal_phrase.h - the reason phrase of a refusal: that of reasons.def, and behind it what only the call knows. The
 * answer stage and `amityctl explain` say the same.
 */
#ifndef AMITY_REFUSAL_PHRASE_H
#define AMITY_REFUSAL_PHRASE_H

#include "company.h"
#include "reason.h"

/* Room for "Call ACL " and the longest name that provisioning takes; a longer one is left out. */
#define REFUSAL_PHRASE_BYTES_MAX 128

/*
 * `acl`: the ACL that denied (R13: "Call ACL NAME"), or NULL. Thread: any.
 * Result: in `text`, or in the table of reasons.
 */
struct span refusal_phrase_write(char text[REFUSAL_PHRASE_BYTES_MAX], enum reason reason, const struct call_acl *acl);

#endif
