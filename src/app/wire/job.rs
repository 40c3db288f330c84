//! Import jobs as JSON.

use serde_json::{Value, json};

use super::{counts, time};
use crate::app::import::options::Kept;
use crate::store::{Job, JobState};

/// An import job.
#[must_use]
pub fn job(job: &Job) -> Value {
    let seconds = job.worked.as_secs_f64();
    let rate = if seconds > 0.0 { (job.counts.read as f64 / seconds).round() } else { 0.0 };
    let settings = job_settings(job);
    let mut value = json!({
        "job": job.id, "file": job.file, "file_hash": job.file_hash, "state": job.state.as_str(), "by": settings["by"],
        "encoding": settings["read_as"]["encoding"], "delimiter": settings["read_as"]["delimiter"],
        "started": time(job.started), "finished": job.finished.map(time), "seconds": (seconds * 1000.0).round() / 1000.0,
        "rows_per_second": rate, "generation": job.generation,
        "committed_record": job.committed_record, "error_file": job.error_file,
        "resume": can_resume(job).then(|| resume_of(job)),
        "undo": can_undo(job).then(|| format!("carnet import undo {}", job.id)),
        "undone": job.undo.as_ref().map(|undo| json!({
            "by": undo.by, "began": time(undo.began), "finished": undo.finished.map(time),
            "deleted": undo.deleted, "restored": undo.restored,
        })),
        "settings": settings,
        "plugins": job_plugins(job),
    });
    if let Value::Object(map) = &mut value {
        map.extend(counts(&job.counts));
    }
    value
}

/// How a job was set up; null where that cannot be read.
#[must_use]
pub fn job_settings(job: &Job) -> Value {
    Kept::shown(job)
}

/// What the plugins did in all runs of a job.
#[must_use]
pub fn job_plugins(job: &Job) -> Vec<Value> {
    serde_json::from_str(&job.plugins_json).unwrap_or_default()
}

/// Where a job stands, in a word or two for people.
#[must_use]
pub fn job_state(job: &Job) -> &'static str {
    match job.undo.as_ref().map(|undo| undo.finished.is_some()) {
        Some(true) => "taken back",
        Some(false) => "taken back in part",
        None => job.state.as_str(),
    }
}

/// The command that finishes a job, as a shell takes it.
#[must_use]
pub fn resume_command(job: i64, file: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./+,:@%".contains(c);
    let quoted = if file.chars().all(plain) { file.to_owned() } else { format!("'{}'", file.replace('\'', r"'\''")) };
    format!("carnet import --resume {job} {quoted}")
}

/// The command that finishes this job; one that stopped at its limit needs more room.
#[must_use]
pub fn resume_of(job: &Job) -> String {
    let command = resume_command(job.id, &job.file);
    match job_settings(job)["max_errors"].as_u64() {
        Some(most) if job.counts.failed > most => format!("{command} --max-errors {}", more_room(job.counts.failed)),
        _ => command,
    }
}

/// A limit with room for as many again.
#[must_use]
pub fn more_room(now: u64) -> u64 {
    (now * 2).max(10)
}

/// Says whether a job can be finished.
#[must_use]
pub fn can_resume(job: &Job) -> bool {
    job.undo.is_none() && matches!(job.state, JobState::Interrupted | JobState::Stopped)
}

/// Says whether there is something of a job that can be taken back.
#[must_use]
pub fn can_undo(job: &Job) -> bool {
    job.state != JobState::Running
        && job.counts.created + job.counts.updated > 0
        && job.undo.as_ref().is_none_or(|undo| undo.finished.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted_whatever_the_file_is_called() {
        let command = |file: &str| resume_command(7, file);
        assert_eq!(command("lists/März-1.csv"), "carnet import --resume 7 lists/März-1.csv");
        assert_eq!(command("my list.csv"), "carnet import --resume 7 'my list.csv'");
        assert_eq!(command("Ann's; list.csv"), r"carnet import --resume 7 'Ann'\''s; list.csv'");
    }
}
