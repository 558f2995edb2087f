/*
 * pipeline_case.h - what the pipeline cases share: one company as most rules want it, and the usual steps of a call.
 */
#ifndef AMITY_TESTS_PIPELINE_CASE_H
#define AMITY_TESTS_PIPELINE_CASE_H

#include "pipeline.h"
#include "sip_client.h"

extern const char pipeline_case_provisioning[];

/* A case runs twice, with one worker and with three: its state is the count. */
extern uint32_t pipeline_case_one_worker, pipeline_case_three_workers;

#define PIPELINE_CASE_ROWS(test)                                                                                       \
	{#test, test, NULL, NULL, &pipeline_case_one_worker},                                                          \
	{                                                                                                              \
#test " (3 workers)", test, NULL, NULL, &pipeline_case_three_workers                                   \
	}

/* Registers `user` of acme at `contact`, from `source`; fails the test unless it gets a 200. */
void pipeline_case_register(struct pipeline *pipeline, const char *user, const char *password, const char *contact,
			    const char *source);

/*
 * Sends the request, answers the challenge as `account`, and acknowledges it. The message that then left is in
 * *forwarded. Result: its status when it is a response, 0 when it is the forwarded request.
 */
int pipeline_case_call(struct pipeline *pipeline, const char *source, struct sip_request *request,
		       const struct sip_account *account, struct pipeline_message *forwarded);

/* The next message that left must be there. */
void pipeline_case_expect(struct pipeline *pipeline, struct pipeline_message *message);

/* Checks one header of a message. */
void pipeline_case_expect_header(const char *message, const char *name, const char *value);

/* "192.0.2.10:5060" */
void pipeline_case_expect_destination(const struct pipeline_message *message, const char *address);

#endif
