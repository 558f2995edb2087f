/*
 * document_join.h - a document in its normal form (model_export.h), and what became of single companies afterwards: to
 * one document in its normal form.
 *
 * The store keeps a change of one company as that company alone. Normal form has a company on the lines from
 * "  - name: NAME" on, so that documents are joined as texts, without reading what they say.
 *
 * Thread: any.
 */
#ifndef AMITY_DOCUMENT_JOIN_H
#define AMITY_DOCUMENT_JOIN_H

#include "span.h"
#include "status.h"

struct document_part {
	struct span text; /* a document of one company */
	bool is_removed;  /* it is what ended */
};

/*
 * In the order of `part`: a company takes the place of the one of its name, or stands behind all others.
 * Cost: a pass over the texts. Result: *joined is the caller's to free(); STATUS_INVALID: a part is no document of one
 * company.
 */
AMITY_CHECKED enum status document_join(char **joined, struct span base, const struct document_part *part,
					uint32_t count);

#endif
