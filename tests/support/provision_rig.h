/*
 * provision_rig.h - a state directory of its own for a test, a provision in it, and answers as values.
 */
#ifndef AMITY_PROVISION_RIG_H
#define AMITY_PROVISION_RIG_H

#include "provision.h"

struct event_base;

extern char provision_rig_directory[64];

/* For cmocka: make the directory; remove it with all that a provision leaves in it, and nothing else. */
int provision_rig_set_up(void **state);
int provision_rig_tear_down(void **state);

/* Opened and published; the test fails when it cannot be. `base` may be NULL. */
struct provision *provision_rig_open(struct event_base *base);

#define PROVISION_RIG_PROBLEMS_MAX 16

struct provision_rig_answer {
	uint32_t calls; /* of the done function */
	bool accepted, is_same;
	uint64_t revision, restored;
	uint64_t wall_us, compile_us, store_us;
	struct model_change_count count[MODEL_KIND_COUNT];
	char *listed;				    /* JSON of what changed; the test's to free() */
	char *problems[PROVISION_RIG_PROBLEMS_MAX]; /* messages, with "line:column key: " in front; the test's to free
						     * by provision_rig_forget()
						     */
	uint32_t problem_count;
};

void provision_rig_forget(struct provision_rig_answer *answer);

/* A done function: `argument` is the struct. */
void provision_rig_note(void *argument, const struct apply_result *result);

/* Without event loop: the answer at once. */
struct provision_rig_answer provision_rig_ask(struct provision *provision, const struct provision_request *request);
struct provision_rig_answer provision_rig_apply(struct provision *provision, const char *text);

/* The test's to free(). */
char *provision_rig_export(const struct provision *provision);

#endif
