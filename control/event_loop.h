/*
 * event_loop.h - the one loop of the control thread: timers, sockets and signals of every part go through its
 * event_base.
 */
#ifndef AMITY_EVENT_LOOP_H
#define AMITY_EVENT_LOOP_H

#include "status.h"

struct event_base;
struct event_loop;

/* The loop has no locks: another thread wakes it through a descriptor (eventfd) that has an event here. */
enum status event_loop_create(struct event_loop **loop) AMITY_CHECKED;

/* For event_new, bufferevent_socket_new and so on. Owner: the loop. */
struct event_base *event_loop_base(const struct event_loop *loop);

/* Runs until event_loop_stop(). Result: IO when libevent failed. */
enum status event_loop_run(struct event_loop *loop) AMITY_CHECKED;

/* Ends event_loop_run() after the callback that is running. Thread: control. */
void event_loop_stop(struct event_loop *loop);

/* Events of other parts must be freed before. NULL is allowed. */
void event_loop_free(struct event_loop *loop);

#endif
