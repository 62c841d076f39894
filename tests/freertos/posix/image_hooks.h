/* What was reported of the task that was buried last. Nothing is counted at a switch. */
#ifndef IMAGE_HOOKS_H
#define IMAGE_HOOKS_H

extern tsd_exit_report_t last_report;
#define tsd_thread_reap(...) tsd_thread_reap(&last_report)

#endif
