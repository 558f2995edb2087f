#include "event_loop.h"

#include <event2/event.h>
#include <stdlib.h>

struct event_loop {
	struct event_base *base;
};

enum status event_loop_create(struct event_loop **loop)
{
	struct event_loop *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->base = event_base_new();
	if (!made->base) {
		free(made);
		return STATUS_ENVIRONMENT;
	}
	*loop = made;
	return STATUS_OK;
}

struct event_base *event_loop_base(const struct event_loop *loop)
{
	return loop->base;
}

enum status event_loop_run(struct event_loop *loop)
{
	return event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0 ? STATUS_IO : STATUS_OK;
}

void event_loop_stop(struct event_loop *loop)
{
	event_base_loopbreak(loop->base);
}

void event_loop_free(struct event_loop *loop)
{
	if (!loop)
		return;
	event_base_free(loop->base);
	free(loop);
}
