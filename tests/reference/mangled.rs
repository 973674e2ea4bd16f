//! Every operation's answer, nearly right.

use std::sync::LazyLock;

use playoff::sandbox::Fault;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::mutated::{config, mangled};
use crate::witness::Stage;
use crate::{SEEN, calls};

/// One world for all inputs: what is answered is made up, so it stays as it is.
static STAGE: LazyLock<(Runtime, Stage)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::set()).unwrap();
    (runtime, stage)
});

/// An operation by its place in the list, with its answer, changed.
fn nearly_answered() -> impl Strategy<Value = (usize, String)> {
    (0..calls::ALL.len()).prop_flat_map(|index| {
        let answer = &SEEN[index].as_ref().unwrap().answer;
        (Just(index), mangled(&[&answer.body]))
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn mangled_answers_of_every_operation_are_values_of_its_type_or_bad_answers(
        (index, body) in nearly_answered(),
    ) {
        let (runtime, stage) = &*STAGE;
        let (call, answer) = (&calls::ALL[index], &SEEN[index].as_ref().unwrap().answer);
        let fault = Fault::answer(200, answer.content_type(), body.as_str());
        stage.sandbox.inject(fault.on(call.operation));
        let outcome = (call.start)(&stage.playoff, &stage.world).unwrap();
        if let Err(error) = runtime.block_on(outcome) {
            prop_assert!(error.is_bad_answer(), "{}: {} of {:?}", call.operation, error, body);
            prop_assert!(body.as_bytes() != answer.body, "{}: {}", call.operation, error);
        }
    }
}
