//! Stops that overtake a pipeline's input: while that is held back, nothing else in its stream is read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

/// The pipelines that run for callers, by the ids that their callers know.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    running: Mutex<HashMap<Uuid, Arc<Notify>>>,
}

impl Stops {
    /// Lets a pipeline be stopped for as long as the answer lives.
    pub(crate) fn enter(&self, pipeline: Uuid) -> Stoppable<'_> {
        let asked = Arc::new(Notify::new());
        self.running().insert(pipeline, asked.clone());
        Stoppable {
            stops: self,
            pipeline,
            asked,
        }
    }

    /// Asks for the end of a pipeline. False if there is none of that id.
    pub(crate) fn stop(&self, pipeline: Uuid) -> bool {
        let running = self.running();
        let found = running.get(&pipeline);
        if let Some(asked) = found {
            asked.notify_one();
        }
        found.is_some()
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Notify>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pipeline's place among them.
#[derive(Debug)]
pub(crate) struct Stoppable<'s> {
    stops: &'s Stops,
    pipeline: Uuid,
    asked: Arc<Notify>,
}

impl Stoppable<'_> {
    /// Ends when somebody asks for the pipeline's end, now or earlier. May be cancelled and called again.
    pub(crate) async fn asked(&self) {
        self.asked.notified().await;
    }
}

impl Drop for Stoppable<'_> {
    fn drop(&mut self) {
        self.stops.running().remove(&self.pipeline);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_reaches_its_own_pipeline_while_that_runs() {
        let stops = Stops::default();
        let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let stoppable = stops.enter(mine);
        assert!(!stops.stop(other));
        assert!(stops.stop(mine));
        stoppable.asked().await;
        drop(stoppable);
        assert!(!stops.stop(mine));
    }
}
