/*
 * provision_text.h - documents for the tests of provisioning, and short ways to read and refuse them.
 */
#ifndef AMITY_PROVISION_TEXT_H
#define AMITY_PROVISION_TEXT_H

#include "model_read.h"
#include "model_validate.h"
#include "problem.h"

/* Every key of spec/friends.md section 1 that this build takes. */
extern const char *const provision_text_full;

/* Reads and validates; NULL with *problems filled when refused. */
struct model *provision_text_model(const char *text, struct problem_list *problems);

/* The same, of a document that must be right: fails the test otherwise. */
struct model *provision_text_must(const char *text);

/* The one problem of a document that must be refused: fails the test unless exactly this is reported. */
void provision_text_refused(const char *text, uint32_t line, uint32_t column, const char *key,
			    const char *message_part);

#endif
