/*
 * codec_set_build.h - the codecs that provisioning names, as sets of codec.h (R25).
 *
 * Thread: any.
 */
#ifndef AMITY_CODEC_SET_BUILD_H
#define AMITY_CODEC_SET_BUILD_H

#include "model.h"

/* The set of this codec alone; 0: no row of codecs.def has the name. */
uint64_t codec_set_build_one(struct span name);

/* What a list of names allows; an empty one restricts nothing. */
uint64_t codec_set_build(const struct model_texts *names);

#endif
