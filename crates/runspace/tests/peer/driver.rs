//! The smallest driver: a task for each lane, and a loop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use link::{Answer, Failure, Post};
use moment::Moment;
use runspace::{
    Cause, Event, Failed, Lane, Listed, Listing, Operation, Output, Refusal, Request, Response, Ticket, Wsman,
};
use tokio::sync::mpsc;

type Done = (Ticket, Result<Answer, Failure>);

pub(crate) struct Driver {
    pub(crate) machine: Wsman,
    pub(crate) requests: usize,
    pub(crate) key_wanted: bool,
    session: Arc<link::Session>,
    lanes: HashMap<Lane, mpsc::UnboundedSender<(Ticket, Request)>>,
    done: mpsc::UnboundedReceiver<Done>,
    finished: mpsc::UnboundedSender<Done>,
    start: Instant,
}

impl Driver {
    pub(crate) fn new(machine: Wsman, session: Arc<link::Session>) -> Self {
        let (finished, done) = mpsc::unbounded_channel();
        let lanes = HashMap::new();
        Self {
            machine,
            requests: 0,
            key_wanted: false,
            session,
            lanes,
            done,
            finished,
            start: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::from_epoch(self.start.elapsed())
    }

    pub(crate) fn submit(&mut self, operation: Operation) {
        self.machine.submit(self.now(), operation);
    }

    /// The next event, however long it takes.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            while let Some(output) = self.machine.poll_output() {
                match output {
                    Output::Request { ticket, lane, request } => self.send(ticket, lane, request),
                    Output::NeedKey => self.key_wanted = true,
                    Output::Bytes(_) | Output::Hangup => panic!("{output:?} was not expected"),
                }
            }
            if let Some(event) = self.machine.poll_event() {
                return event;
            }
            let until = self
                .machine
                .poll_timeout()
                .map_or(Duration::from_secs(3600), |due| due.since(self.now()));
            match tokio::time::timeout(until, self.done.recv()).await {
                Ok(Some((ticket, Ok(answer)))) => self.machine.respond(self.now(), ticket, response(answer)),
                Ok(Some((ticket, Err(failure)))) => self.machine.failed(self.now(), ticket, failed(failure)),
                Ok(None) => unreachable!("the driver holds a sender itself"),
                Err(_) => self.machine.handle_timeout(self.now()),
            }
        }
    }

    /// What the service lists, over a lane of its own.
    pub(crate) async fn list(&self, mut listing: Listing) -> Result<Vec<wsman::Shell>, Cause> {
        let mut lane = self.session.lane().unwrap();
        loop {
            let result = post(&mut lane, listing.request()).await;
            match listing.answer(result.map(response).map_err(failed))? {
                Listed::More(rest) => listing = *rest,
                Listed::All(shells) => return Ok(shells),
            }
        }
    }

    fn send(&mut self, ticket: Ticket, lane: Lane, request: Request) {
        self.requests += 1;
        let sender = self.lanes.entry(lane).or_insert_with(|| {
            let (sender, mut requests) = mpsc::unbounded_channel::<(Ticket, Request)>();
            let (session, finished) = (Arc::clone(&self.session), self.finished.clone());
            tokio::spawn(async move {
                let mut lane = session.lane().unwrap();
                while let Some((ticket, request)) = requests.recv().await {
                    let result = post(&mut lane, request).await;
                    if finished.send((ticket, result)).is_err() {
                        return;
                    }
                }
            });
            sender
        });
        sender.send((ticket, request)).unwrap();
    }
}

async fn post(lane: &mut link::Lane, request: Request) -> Result<Answer, Failure> {
    let Request {
        uri, body, deadline, ..
    } = request;
    let content_type = wsman::names::CONTENT_TYPE;
    lane.post(Post {
        uri,
        body,
        content_type,
        deadline,
    })
    .await
}

fn response(answer: Answer) -> Response {
    let Answer {
        status,
        content_type,
        location,
        retry_after,
        challenges,
        refusal,
        date: _,
        affinity,
        body,
    } = answer;
    Response {
        status,
        content_type,
        location,
        retry_after,
        challenges,
        refusal: refusal.map(|why| Refusal { why, password: true }),
        body,
        affinity,
    }
}

fn failed(failure: Failure) -> Failed {
    let timed_out = failure.kind == link::Kind::TimedOut;
    Failed {
        sent: !failure.is_not_sent(),
        why: failure.message,
        timed_out,
    }
}
