//! One binary for every end-to-end test.
//!
//! [`cases`] holds what users rely on. Each case runs against the embedded tenant (`tenant::*`), and again against an
//! endpoint on foreign code (`interop::*`) where that is to be had: `cargo xtask interop`. [`psrpcore`] compares the
//! protocol itself with another implementation of it.

#![allow(clippy::print_stdout, reason = "tests say on standard output what they skip")]

mod cases;
mod contract;
mod lifecycle;
mod module;
mod psrpcore;
mod pypsrp;
mod robust;
// Linux says what a process takes up.
#[cfg(target_os = "linux")]
mod soak;
// Linux says what a process has had resident.
#[cfg(target_os = "linux")]
mod volume;

/// Makes of each case two tests.
macro_rules! on_both_endpoints {
    ($($case:ident: $module:ident),+ $(,)?) => {
        mod tenant {
            $(#[test]
            fn $case() {
                crate::cases::$module::$case(&pslease_tests::Endpoint::tenant());
            })+
        }

        mod interop {
            $(#[test]
            fn $case() {
                if let Some(endpoint) = pslease_tests::Endpoint::peer() {
                    crate::cases::$module::$case(&endpoint);
                }
            })+
        }
    };
}

on_both_endpoints! {
    one_command_is_answered: run,
    the_doctor_finds_nothing_wrong_and_leaves_nothing_open: doctor,
    the_doctor_compares_the_addresses_of_two_connections: doctor,
    the_doctor_uses_a_held_session_and_never_waits: doctor,
    the_doctor_says_what_is_wrong_and_what_helps: doctor,
    accounts_tell_their_source_and_state: doctor,
    every_stream_arrives: run,
    the_servers_own_words_come_first: run,
    a_pipeline_of_commands_is_a_command_list: run,
    a_failing_command_fails_the_call: run,
    ten_thousand_objects_come_through_whole: run,
    what_if_is_shown: run,
    a_closed_session_is_named_as_powershell_names_it: run,
    a_stop_reaches_its_own_pipeline_only: run,
    twelve_consoles_keep_the_limits_and_all_get_answers: slots,
    the_lease_of_a_killed_console_goes_to_the_next: slots,
    the_fourth_waits_with_a_reason: slots,
    an_idle_session_is_closed_before_the_server_expires_it: slots,
    a_long_pipeline_does_not_hold_up_the_second: slots,
    a_reader_that_sleeps_is_stopped_when_another_waits: slots,
    a_stopped_daemon_leaves_no_shell: slots,
    acquire_lasts_as_long_as_its_shell: anchors,
    acquire_ends_with_its_own_script_not_with_the_one_around_it: anchors,
    a_console_works_through_a_door: doors,
    two_consoles_take_turns_and_stop_their_own: doors,
    a_console_that_dies_at_any_step_leaves_nothing: doors,
    twelve_doors_keep_to_three_slots: doors,
    a_lost_session_is_told_with_its_cure: doors,
    a_killed_lease_breaks_its_door: doors,
    a_door_that_nobody_comes_through_is_closed: doors,
    a_killed_daemon_ends_its_doors_and_leaks_nothing: doors,
    a_console_that_reads_nothing_loses_its_turn: doors,
    the_fourth_door_says_who_holds_the_slots: doors,
    a_door_within_with_uses_its_lease: doors,
    an_import_is_quick_the_second_time: doors,
    a_console_on_foreign_code_comes_through: doors,
    a_secret_passes_under_the_remotes_own_key: doors,
    a_reset_is_for_a_session_of_ones_own: passing,
    a_console_with_a_key_keeps_to_its_session: passing,
    a_key_that_the_remote_asks_for_is_the_consoles: passing,
    a_pipeline_within_another_runs_under_its_turn: passing,
    with_binds_to_its_child: anchors,
    input_is_given_line_by_line_as_json_and_as_clixml: input,
    more_input_than_is_ever_on_its_way_comes_through_whole: input,
    input_that_cannot_be_read_ends_the_run_and_its_lease: input,
    small_messages_do_not_end_the_connection_and_a_lost_call_ends_its_lease: input,
    a_password_that_changes_where_it_comes_from_is_a_new_login: credentials,
    terminals_are_asked_and_one_answer_does_for_all: credentials,
    a_credential_of_systemd_serves: credentials,
    what_is_in_the_keyring_serves_after_a_restart: credentials,
    a_certificate_that_nobody_trusts_is_shown_with_the_line_that_would: faults,
    french_text_comes_through_every_format: faults,
    streams_come_marked_in_one_document: module,
    a_credential_comes_through_the_pipe: module,
    a_door_is_told_of_as_the_module_reads_it: module,
    killed_between_any_two_steps_it_loses_no_slot: crash,
    an_owner_that_exits_or_is_killed_leaves_its_slot: owners,
    a_closed_terminal_ends_what_was_held_in_it: owners,
    a_child_that_outlives_its_parent_keeps_nothing: owners,
    a_child_that_inherited_the_socket_keeps_nothing: owners,
    an_owner_in_another_pid_namespace_is_watched_too: owners,
    a_stopped_owner_is_not_dead: owners,
    a_ttl_and_its_grace_end_a_lease_that_nobody_renews: owners,
    a_jump_of_the_clock_ends_what_is_due_and_nothing_else: owners,
    an_old_fence_is_refused_at_the_gate: owners,
    a_paused_profile_begins_nothing_new: operate,
    a_drained_profile_leaves_no_shell: operate,
    a_reload_says_what_it_changed: operate,
    an_upgrade_leaves_nobody_without_an_answer: operate,
    events_tell_what_happened: operate,
    fifty_consoles_share_three_slots: storms,
    a_limit_that_is_lowered_at_full_pool_is_never_exceeded: storms,
    a_crowd_of_waiters_is_served_and_forgotten: storms,
    a_lease_and_its_session_outlive_the_daemon: restart,
    an_idle_session_is_found_again: restart,
    a_detached_lease_outlives_the_daemon: restart,
    a_lease_whose_session_is_lost_says_so: restart,
    what_cannot_be_closed_without_a_log_in_is_named_and_counted: restart,
    other_programs_shells_are_told_apart_from_ours: restart,
    what_was_forgotten_is_found_again_as_an_orphan: restart,
    whoever_ran_something_is_told_that_the_outcome_is_unknown: restart,
    a_proxy_that_wants_to_know_who_asks_is_told: ways,
    connections_come_from_the_address_that_the_profile_names: ways,
    a_partners_customer_is_named_in_the_address: ways,
    the_other_addresses_of_protection_are_gone_to: ways,
    autodiscovery_may_answer_in_json: ways,
    more_than_the_asker_wants_is_refused_by_the_options_name: ways,
    a_daemon_that_has_just_started_gives_a_free_slot_at_once: ways,
    french_objects_come_through_every_format: ways,
    options_that_cannot_be_are_refused_by_name: ways,
    sessions_and_leases_outlast_the_daemon_where_they_may: upgrade,
    what_runs_in_an_upgrade_is_waited_for_then_stopped_and_its_session_kept: upgrade,
    a_shell_that_the_server_will_not_keep_is_closed: upgrade,
    what_only_a_person_can_log_on_to_is_closed_in_an_upgrade: upgrade,
    a_door_opens_on_a_session_of_an_earlier_daemon: upgrade,
    after_a_sleep_a_session_is_asked_before_it_is_used: health,
    who_keeps_a_session_is_told_that_it_went_in_a_sleep: health,
    slots_that_somebody_else_holds_are_learned_shown_and_had_again: learned,
}

/// Tests that only the peer with the connector's whole flow can be asked; each says so where there is none.
macro_rules! online {
    ($($case:ident: $module:ident),+ $(,)?) => {
        mod online {
            $(#[test]
            fn $case() {
                crate::cases::$module::$case();
            })+
        }
    };
}

online! {
    the_whole_flow_is_told_as_its_document_prints_it: connector,
    a_wrong_password_is_sent_once_for_twelve_who_wait: connector,
    a_partner_administers_a_customers_tenant_in_a_session_of_its_own: connector,
    a_token_that_ends_inside_a_session_is_renewed_and_nobody_notices: connector,
    a_device_code_is_shown_and_waited_for: connector,
    a_device_code_is_shown_to_whoever_wants_no_chatter: connector,
    an_exchange_session_follows_its_front_end_and_keeps_its_cookie: connector,
    an_exchange_token_goes_where_its_query_says: connector,
    an_address_alone_will_do_as_new_pssession_takes_it: connector,
    a_token_of_somebody_elses_comes_from_a_command: connector,
    a_password_that_a_command_asks_for_is_typed_unseen_and_sent_sealed: input,
    a_session_whose_token_only_a_person_can_renew_is_closed_while_it_still_can_be: connector,
    what_is_wrong_is_said_in_one_line_with_a_cure: faults,
    numbers_count_before_texts_and_texts_may_be_french: faults,
    an_open_without_an_answer_says_what_may_hold_the_slots: faults,
}
