/*
 * dialog_case.h - a call of a scene that was answered: requests in its dialog, from either side, as each side knows it.
 */
#ifndef AMITY_TESTS_DIALOG_CASE_H
#define AMITY_TESTS_DIALOG_CASE_H

#include "scene.h"

struct dialog_case {
	const char *callee;
	char call_id[64], branch[128]; /* of the next request; changes with each one */
	char caller_from[256], caller_to[256], caller_tag[64];
	char callee_from[256], callee_to[256], callee_tag[64]; /* what the callee was shown, as its own From and To */
	char caller_contact[128], callee_contact[128];
	char route[2048];
	char text[SIP_TEXT_BYTES_MAX]; /* the last request */
	uint32_t request_count;
};

/* Calls `number`, which `callee` answers with 200; the caller has its 200, nobody has acknowledged it. */
void dialog_case_begin(struct dialog_case *dialog, struct scene *scene, const char *number, const char *callee);

/* The dialog of an INVITE that the callee got and the 200 that the caller got. */
void dialog_case_take(struct dialog_case *dialog, const struct scene *scene, const struct leg *invite,
		      const char *response);

/* The next request of one of the sides, into dialog->text. With a new branch unless dialog->branch was set for it. */
void dialog_case_write(struct dialog_case *dialog, const struct scene *scene, bool by_caller, const char *method,
		       unsigned int cseq);

/* The same, and sends it. */
void dialog_case_send(struct dialog_case *dialog, struct scene *scene, bool by_caller, const char *method,
		      unsigned int cseq);

/* The same bytes again. */
void dialog_case_send_again(struct dialog_case *dialog, struct scene *scene, bool by_caller);

#endif
