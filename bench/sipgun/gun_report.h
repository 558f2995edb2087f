/*
 * gun_report.h - what a run came to: a table for people, or a JSON object a line (DESIGN.md section 9).
 */
#ifndef AMITY_GUN_REPORT_H
#define AMITY_GUN_REPORT_H

#include "gun_run.h"

void gun_report_print(const struct gun_run *run, const struct gun_result *result);

/* One line for a step of --find-limit, and its end. */
void gun_report_step(const struct gun_run *run, const struct gun_result *result, bool is_good);
void gun_report_limit(const struct gun_run *run, double rate);

#endif
